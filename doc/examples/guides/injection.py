# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints:
# nothing was lost
import unittest

import gi
gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive


class Accounts:
    def __init__(self):
        self.here, self.there = 1000, 0

    async def transfer(self):
        self.here -= 10
        try:
            await Aiodrive.sleep(3600)
        except BaseException:
            self.here += 10   # what was begun is taken back
            raise
        self.there += 10


# begin
class TransferTest(unittest.TestCase):
    def test_nothing_is_lost(self):
        accounts = Accounts()
        with Aiodrive.TestContext() as test:
            test.cancel_at_each_step(accounts.transfer, lambda: self.assertEqual(accounts.here + accounts.there, 1000))
# end


if unittest.main(exit=False, verbosity=0).result.wasSuccessful():
    print('nothing was lost')
