// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints:
// nothing was lost
import Aiodrive from 'gi://Aiodrive';

const accounts = {here: 1000, there: 0};

async function transfer(cancellable) {
    accounts.here -= 10;
    try {
        await Aiodrive.sleep(3600 * 1000, cancellable);
    } catch (error) {
        accounts.here += 10;   // what was begun is taken back
        throw error;
    }
    accounts.there += 10;
}

// begin
const test = Aiodrive.TestContext.new(null);
test.cancel_at_each_step(transfer, () => {
    if (accounts.here + accounts.there !== 1000)
        throw new Error(`${accounts.here} here and ${accounts.there} there`);
});
test.close();
// end
print('nothing was lost');
