// SPDX-License-Identifier: LGPL-2.1-or-later
// What a round of a test leaves in memory.
import AiodriveTest from 'gi://AiodriveTest?version=1';

const N_LAST = 7;

export class Growth {
    #sizes = [];

    // At the end of each round.
    measure() {
        this.#sizes.push(AiodriveTest.get_bytes_in_use());
    }

    // The bytes that each of the last rounds added: the median, for a leak adds to every round, a table that has to
    // grow to one.
    get each() {
        const sizes = this.#sizes.slice(-N_LAST - 1);
        const growths = sizes.slice(1).map((size, i) => size - sizes[i]);
        return growths.sort((a, b) => a - b)[growths.length >> 1];
    }
}
