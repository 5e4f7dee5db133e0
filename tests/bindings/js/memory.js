// SPDX-License-Identifier: LGPL-2.1-or-later
// What a round of a test leaves in memory.
import AiodriveTest from 'gi://AiodriveTest?version=1';

const N_WARM = 3;

export class Growth {
    #sizes = [];

    // At the end of each round.
    measure() {
        this.#sizes.push(AiodriveTest.get_bytes_in_use());
    }

    // The bytes that a round adds: the median, for a leak adds to every round, a table that has to grow to one.
    get each() {
        const growths = this.#sizes.slice(N_WARM).map((size, i) => size - this.#sizes[N_WARM + i - 1]);
        return growths.sort((a, b) => a - b)[growths.length >> 1];
    }
}
