"""The Rego built-ins that policies may call, each with examples both engines answer alike.

The embedded engine turns a built-in it lacks, or one that fails, into *undefined*, and `not
undefined` is true. So a policy may call only what stands here, and what stands here has passed
its examples. An example is an expression that must be `true`.

Left out on purpose, because the embedded engine answers differently from OPA: `concat` (order of
a set), `sprintf`, `sum` (of mixed types), `time.parse_rfc3339_ns` (refuses a time that ends in
`Z`), `substring` and `indexof` (count escapes as two characters).
"""

from collections.abc import Mapping

ALLOWED_BUILTINS: Mapping[str, tuple[str, ...]] = {
    "array.concat": ("array.concat([1], [2, 3]) == [1, 2, 3]", "array.concat([], []) == []"),
    "contains": (
        'contains("published", "lish")',
        'not contains("published", "x")',
        'contains("published", "")',
    ),
    "count": ("count([1, 1]) == 2", "count({1, 1}) == 1", 'count({"a": 1}) == 1', "count([]) == 0"),
    "endswith": ('endswith("user.read", ".read")', 'not endswith("user.read", "x")'),
    "intersection": ("intersection({{1, 2}, {2, 3}}) == {2}",),
    "is_array": ("is_array([])", "not is_array({1})"),
    "is_boolean": ("is_boolean(false)", 'not is_boolean("true")'),
    "is_null": ("is_null(null)", "not is_null(false)"),
    "is_number": ("is_number(1.5)", 'not is_number("1")'),
    "is_object": ("is_object({})", "not is_object([])"),
    "is_set": ("is_set(set())", "not is_set([])"),
    "is_string": ('is_string("")', "not is_string(1)"),
    "lower": ('lower("ReaD") == "read"',),
    "max": ("max([1, 3, 2]) == 3", 'max({"a", "b"}) == "b"', "not max([])"),
    "min": ("min([3, 1, 2]) == 1", 'min({"a", "b"}) == "a"', "not min([])"),
    "object.get": (
        'object.get({"a": 1}, "a", 2) == 1',
        'object.get({"a": 1}, "b", 2) == 2',
        'object.get({"a": {"b": 3}}, ["a", "b"], 2) == 3',
        'object.get({"a": null}, "a", 2) == null',
        'object.get({"a": false}, "a", true) == false',
    ),
    "object.keys": ('object.keys({"a": 1, "b": 2}) == {"a", "b"}', "object.keys({}) == set()"),
    "object.union": ('object.union({"a": 1, "b": 1}, {"b": 2}) == {"a": 1, "b": 2}',),
    "split": ('split("user.read", ".") == ["user", "read"]', 'split("a", ".") == ["a"]'),
    "startswith": ('startswith("user.read", "user.")', 'not startswith("user.read", "read")'),
    "time.now_ns": ("time.now_ns() > 1700000000000000000", "time.now_ns() < 9000000000000000000"),
    "trim_prefix": ('trim_prefix("user.read", "user.") == "read"', 'trim_prefix("a", "b") == "a"'),
    "trim_suffix": ('trim_suffix("user.read", ".read") == "user"', 'trim_suffix("a", "b") == "a"'),
    "union": ("union({{1}, {2}}) == {1, 2}", "union(set()) == set()"),
    "upper": ('upper("Read") == "READ"',),
}

OPERATOR_BUILTINS: Mapping[str, tuple[str, ...]] = {
    "and": ("{1, 2} & {2, 3} == {2}",),
    "assign": ("x := 1",),
    "div": ("6 / 4 == 1.5",),
    "eq": ("1 = 1",),
    "equal": (
        "1 == 1.0",
        '[1, {"a": {2}}] == [1, {"a": {2}}]',
        "not [1] == [2]",
        'not "a" == "b"',
    ),
    "gt": ("2 > 1", "not 1 > 1", '"b" > "a"'),
    "gte": ("1 >= 1", "not 0 >= 1"),
    "internal.member_2": (
        '"a" in ["a", "b"]',
        '"a" in {"a"}',
        '1 in {"k": 1}',
        'not "c" in ["a", "b"]',
        "not 1 in []",
    ),
    "internal.member_3": ('"k", 1 in {"k": 1}', '0, "a" in ["a"]', 'not 1, "a" in ["a"]'),
    "lt": ("1 < 2", "not 2 < 2"),
    "lte": ("2 <= 2", "not 3 <= 2"),
    "minus": ("3 - 1 == 2", "{1, 2} - {2} == {1}"),
    "mul": ("2 * 3 == 6",),
    "neq": ("1 != 2", 'not "a" != "a"'),
    "or": ("{1, 2} == {1} | {2}",),
    "plus": ("1 + 2 == 3",),
    "rem": ("5 % 3 == 2",),
}
"""What operators compile to; listed under these names in a compiled policy."""
