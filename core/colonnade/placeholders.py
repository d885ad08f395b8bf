"""Places in a declared text that are filled later, as `{tenant}` in an address."""

import re
from difflib import get_close_matches

_BRACED = re.compile(r"\{([^{}]*)\}")


def check_placeholders(text: str, *known: str) -> str:
    """`text`, when every `{…}` in it is one of `known` and no brace is left over.

    Raises:
        ValueError: a sentence with the first that nothing would fill.
    """
    offered = " and ".join(f"{{{name}}}" for name in known)
    for name in _BRACED.findall(text):
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"there is {offered}"
            raise ValueError(f"has {{{name}}}, which nothing fills; {hint}")
    if re.search(r"[{}]", _BRACED.sub("", text)):
        raise ValueError(f"has a brace without its other; write {offered}")
    return text
