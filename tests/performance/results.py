# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements, as measure.py writes them."""
import json
import pathlib
import statistics


class Results:
    def __init__(self, path):
        data = json.loads(pathlib.Path(path).read_text(encoding='utf-8'))
        self.versions = data['versions']
        self.rounds = {(r['workload'], r['contestant'], r['n']): r['rounds'] for r in data['results']}

    def workloads(self):
        return sorted({workload for workload, contestant, n in self.rounds})

    def sizes(self, workload):
        return sorted({n for found, contestant, n in self.rounds if found == workload})

    def contestants(self, workload):
        return sorted({contestant for found, contestant, n in self.rounds if found == workload})

    def median(self, workload, contestant, n):
        rounds = self.rounds.get((workload, contestant, n))
        return statistics.median(rounds.values()) if rounds else None

    def best(self, workload, against, n):
        """Who of a family is the fastest."""
        times = {name: self.median(workload, name, n) for name in self.contestants(workload)
                 if name == against or name.startswith(against + '-') and against == 'libdex'}
        return min((name for name in times if times[name] is not None), key=times.get, default=None)

    def ratios(self, above, below):
        """The quotients of two contestants in the rounds that both were in."""
        above, below = self.rounds.get(above, {}), self.rounds.get(below, {})
        return [above[number] / below[number] for number in above if number in below]
