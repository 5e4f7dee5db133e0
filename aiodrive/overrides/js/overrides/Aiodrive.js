// SPDX-License-Identifier: LGPL-2.1-or-later
// The same file with every version of the API: the override itself is in a folder for each version of the namespace.

function _init() {
    imports[`aiodrive_${this.__version__}`].override.install(this);
}
