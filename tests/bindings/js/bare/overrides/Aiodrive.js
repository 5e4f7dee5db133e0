// SPDX-License-Identifier: LGPL-2.1-or-later
// In place of the one of the library: with it the tests see what the typelib alone gives.
function _init() {
}
