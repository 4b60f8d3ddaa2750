"""One mapping compiled and run: what becomes of each row, which values it gets, what is complained about."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from migrate.compiler.mapping import MappingCompiler
from migrate.compiler.plan import make_plan
from migrate.errors import ConfigurationError

KEPT = "candidate"


# Records without a usable key, or that cannot be read ------------------------------------------------------------


def test_rows_without_a_key_are_told_apart(bench: Any) -> None:
    result = bench.map(bench.users(""), {"person": [{"id": None, "name": "a"}, {"id": None, "name": "b"}, {"id": 3}]})
    assert result.dispositions() == {"row:1": "quarantined", "row:2": "quarantined", "3": KEPT}
    assert result.raised() == [("SRC-KEY-NULL", "row:1"), ("SRC-KEY-NULL", "row:2")]


def test_the_first_row_of_a_key_stays(bench: Any) -> None:
    rows = [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}, {"id": 1, "name": "c"}, {"id": 2, "name": "d"}]
    result = bench.map(bench.users("", "name: {from: name}"), {"person": rows})
    assert result.dispositions() == {"1": KEPT, "1#2": "quarantined", "1#3": "quarantined", "2": KEPT}
    assert result.values("name")["1"] == "a"
    assert [(f["key"], f["value"]) for f in result.findings("SRC-KEY-DUPLICATE")] == [("1#2", "1"), ("1#3", "1")]


def test_names_given_to_duplicates_take_nobody_elses(bench: Any) -> None:
    source = "system: old\nlabel: o\nsource: {kind: files}\nentities:\n  person: {key: id, file: f.csv, fields: {id: {}}}\n"
    result = bench.map(
        bench.users("", source=source),
        {"person": [{"id": "C"}, {"id": "C"}, {"id": "C#2"}, {"id": None}, {"id": "row:4"}]},
    )
    assert len(result.dispositions()) == 5
    assert sorted(result.dispositions().values()) == [KEPT, KEPT, KEPT, "quarantined", "quarantined"]


def test_a_source_known_to_be_unique_gives_the_same_rows(bench: Any) -> None:
    pair = bench.users("", "name: {from: name}")
    rows = [{"id": n, "name": f"n{n}"} for n in (3, 1, 2)]
    assert bench.map(pair, {"person": rows}).rows() == bench.map(pair, {"person": rows}, unique=["person"]).rows()


def test_a_row_that_cannot_be_read_is_neither_excluded_nor_merged(bench: Any) -> None:
    pair = bench.users(
        """
        exclude: [{code: U-ALL, when: "true", reason: all}]
        merge: {by: name, keep: id, code: U-MERGE, reason: r}
        """
    )
    shape = {"_fault": "SRC-SHAPE", "_fault_value": "f.csv:2: 3 cells"}
    result = bench.map(
        pair, {"person": [{"id": 1, "name": "a", **shape}, {"id": 2, "name": "a"}, {"id": 3, "_fault": "SRC-ENCODING"}]}
    )
    assert result.dispositions() == {"1": "quarantined", "2": "excluded", "3": "quarantined"}
    assert result.codes() == {"1": "SRC-SHAPE", "2": "U-ALL", "3": "SRC-ENCODING"}
    assert result.findings("SRC-SHAPE")[0]["value"] == "f.csv:2: 3 cells"


def test_a_malformed_value_keeps_the_row_back_and_shows_the_text(bench: Any) -> None:
    result = bench.map(bench.users("", "age: {from: age}"), {"person": [{"id": 1, "age": "old"}, {"id": 2, "age": "7"}]})
    assert result.dispositions() == {"1": "quarantined", "2": KEPT}
    (finding,) = result.findings()
    assert (finding["code"], finding["field"], finding["value"], finding["severity"]) == (
        "SRC-TYPE",
        "age",
        "old",
        "quarantine",
    )


def test_malformed_says_what_to_do_instead(bench: Any) -> None:
    fields = "age: {from: age, malformed: {code: U-AGE, severity: warn, set: 0, message: no age}}"
    result = bench.map(
        bench.users("", fields), {"person": [{"id": 1, "age": "old"}, {"id": 2, "age": "7"}, {"id": 3, "age": None}]}
    )
    assert set(result.dispositions().values()) == {KEPT}
    assert result.values("age") == {"1": 0, "2": 7, "3": None}
    assert [(f["code"], f["message"]) for f in result.findings()] == [("U-AGE", "no age")]


def test_an_ambiguous_date_is_held(bench: Any) -> None:
    result = bench.map(
        bench.users("", "born: {from: born}"),
        {"person": [{"id": 1, "born": "03/04/2000"}, {"id": 2, "born": "13/04/2000"}]},
    )
    assert result.dispositions() == {"1": "held", "2": KEPT}
    assert result.codes()["1"] == "SRC-AMBIGUOUS"
    assert result.findings()[0]["value"] == "03/04/2000"
    assert result.values("born")["2"] == dt.date(2000, 4, 13)


def test_a_malformed_value_nobody_reads_is_no_finding(bench: Any) -> None:
    assert bench.map(bench.users(""), {"person": [{"id": 1, "age": "old"}]}).raised() == []


# Exclusions, merges, folds -----------------------------------------------------------------------------------------


def test_the_first_exclusion_that_fits_counts_and_null_excludes_nothing(bench: Any) -> None:
    pair = bench.users(
        """
        exclude:
          - {code: U-A, when: "age > 10", reason: a}
          - {code: U-B, when: "age > 5", reason: b}
          - {code: U-C, when: "name = 'x' and age > 5", reason: c}
        """
    )
    result = bench.map(pair, {"person": [{"id": n, "age": age} for n, age in ((1, 11), (2, 6), (3, 1), (4, None))]})
    assert result.codes() == {"1": "U-A", "2": "U-B", "3": None, "4": None}
    assert result.dispositions() == {"1": "excluded", "2": "excluded", "3": KEPT, "4": KEPT}
    assert result.raised() == []


def test_an_excluded_row_raises_no_finding(bench: Any) -> None:
    pair = bench.users(
        'exclude: [{code: U-A, when: "id = 1", reason: a}]', "name: {from: name, check: {not_blank: {code: U-NAME}}}"
    )
    result = bench.map(pair, {"person": [{"id": 1, "name": ""}, {"id": 2, "name": ""}]})
    assert result.raised() == [("U-NAME", "2")]


MERGE = 'merge: {by: "lower(mail)", when: "age > 0", keep: "age desc, id desc", code: U-MERGE, reason: r%s}'


def test_the_survivor_is_first_by_the_order(bench: Any) -> None:
    rows = [
        {"id": 1, "mail": "A@x", "age": 5}, {"id": 2, "mail": "a@x", "age": 9}, {"id": 3, "mail": "a@X", "age": 9},
        {"id": 4, "mail": "b@x", "age": 1}, {"id": 5, "mail": None, "age": 3}, {"id": 6, "mail": None, "age": 3},
        {"id": 7, "mail": "a@x", "age": 0}, {"id": 8, "mail": "a@x", "age": None},
    ]  # fmt: skip
    result = bench.map(bench.users(MERGE % ""), {"person": rows})
    assert result.by_key("_into") == {
        "1": "3",
        "2": "3",
        "3": None,
        "4": None,
        "5": None,
        "6": None,
        "7": None,
        "8": None,
    }
    assert [k for k, d in result.dispositions().items() if d == "merged"] == ["1", "2"]
    assert result.codes()["1"] == "U-MERGE"
    assert result.raised() == []


def test_a_merge_can_ask_for_confirmation(bench: Any) -> None:
    rows = [{"id": n, "mail": "a@x", "age": n} for n in (1, 2, 3)]
    result = bench.map(bench.users(MERGE % ", confirm: true"), {"person": rows})
    found = result.findings("U-MERGE")
    assert [(f["key"], f["severity"], f["value"], f["root_cause"]) for f in found] == [
        ("1", "warn", "3", "users/3"),
        ("2", "warn", "3", "users/3"),
    ]


def test_nulls_come_last_in_the_order_and_ties_go_to_the_first_key(bench: Any) -> None:
    pair = bench.users("merge: {by: mail, keep: age, code: U-MERGE, reason: r}")
    rows = [
        {"id": 10, "mail": "a", "age": None},
        {"id": 9, "mail": "a", "age": None},
        {"id": 2, "mail": "b", "age": None},
        {"id": 30, "mail": "b", "age": 1},
    ]
    assert bench.map(pair, {"person": rows}).by_key("_into") == {"10": "9", "9": None, "2": "30", "30": None}


def test_excluded_rows_take_no_part_in_a_merge(bench: Any) -> None:
    pair = bench.users('exclude: [{code: U-A, when: "id = 1", reason: a}]\nmerge: {by: mail, keep: id, code: U-M, reason: r}')
    result = bench.map(pair, {"person": [{"id": n, "mail": "a"} for n in (1, 2, 3)]})
    assert result.dispositions() == {"1": "excluded", "2": KEPT, "3": "merged"}
    assert result.by_key("_into")["3"] == "2"


FOLD = "fold: {by: user_id, keep: age desc, code: U-FOLD, reason: r, combine: {age: %s}}"


@pytest.mark.parametrize(
    ("how", "given", "kept"),
    [("min", [3, 1, 2], 1), ("max", [3, 1, 2], 3), ("min", [3, None], 3), ("min_or_null", [3, None], None),
     ("max_or_null", [3, 5], 5), ("max_or_null", [None, 5], None), ("any", [None, 4], 4), ("max", [None, None], None)],
)  # fmt: skip
def test_folds_combine(bench: Any, how: str, given: list[int | None], kept: int | None) -> None:
    text = "from: old.person\nto: new.users\n" + FOLD % how
    text += "\nfields: {user_id: {from: name}, name: {from: name}, age: {from: age}}\n"
    rows = [{"id": n, "name": "a", "age": age} for n, age in enumerate(given, 1)] + [{"id": 9, "name": "b", "age": 7}]
    result = bench.map(bench.pair(users=text), {"person": rows})
    (survivor,) = [r for r in result.rows() if r["_disposition"] == KEPT and r["to:name"] == "a"]
    assert survivor["to:age"] == kept
    assert result.values("age")["9"] == 7
    merged = [r for r in result.rows() if r["_disposition"] == "merged"]
    assert {(r["_into"], r["_code"]) for r in merged} == {(survivor["_key"], "U-FOLD")}
    assert len(merged) == len(given) - 1
    assert result.raised() == []


def test_a_row_with_a_finding_is_not_folded(bench: Any) -> None:
    text = "from: old.person\nto: new.users\nfold: {by: user_id, keep: name, code: U-FOLD, reason: r}\n"
    text += "fields:\n  user_id: {from: name}\n  name: {from: name}\n"
    text += "  age: {from: age, check: {not_blank: {code: U-AGE}}}\n"
    rows = [{"id": 1, "name": "a", "age": None}, {"id": 2, "name": "a", "age": 2}, {"id": 3, "name": "a", "age": 3}]
    result = bench.map(bench.pair(users=text), {"person": rows})
    assert result.dispositions() == {"1": "quarantined", "2": KEPT, "3": "merged"}


@pytest.mark.parametrize(
    ("joining", "folded"),
    [("", {}), ("merge: {by: mail, keep: id, code: U-M, reason: r}\n", {"4": "3"}),
     ("fold: {by: user_id, keep: name, code: U-F, reason: r}\n", {"4": "3"})],
)  # fmt: skip
def test_rows_of_two_records_that_claim_one_key_do_not_fold(bench: Any, joining: str, folded: dict[str, str]) -> None:
    users = f"from: old.person\nto: new.users\n{joining}fields: {{user_id: {{from: name}}, name: {{from: name}}}}\n"
    staff = (
        "from: old.person\nto: new.users\nfold: {by: user_id, keep: name, code: S-FOLD, reason: r}\n"
        "fields: {user_id: {ref: users, by: boss}, name: {from: name}}\n"
    )
    rows = [
        {"id": 1, "name": "a", "mail": "m"}, {"id": 2, "name": "a", "mail": "m"},
        {"id": 3, "name": "c", "boss": 1}, {"id": 4, "name": "d", "boss": 2}, {"id": 5, "name": "e", "boss": 1},
    ]  # fmt: skip
    result = bench.map(bench.pair(users=users, staff=staff), {"person": rows})
    into = {row["_key"]: row["_into"] for row in result.rows("staff") if row["ref:user_id"] is not None and row["_into"]}
    assert into == {"5": "3", **folded}


def test_a_record_keeps_its_rows_where_another_claims_its_key(bench: Any) -> None:
    users = "from: old.person\nto: new.users\nfields: {user_id: {from: name}}\n"
    staff = "from: old.person\nto: new.users\nfields: {user_id: {ref: users, by: boss}}\n"
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}, {"id": 3, "name": "c", "boss": 2}, {"id": 4, "name": "d", "boss": 1}]
    result = bench.map(bench.pair(users=users, staff=staff), {"person": rows})
    assert result.dispositions()["2"] == "quarantined"
    assert {key: result.dispositions("staff")[key] for key in "34"} == {"3": KEPT, "4": KEPT}


# Values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        ("name: {from: name, do: [trim, upper]}", {"name": " a "}, "A"),
        ("name: {expr: \"name || '-' || age\"}", {"name": "a", "age": 7}, "a-7"),
        ("name: {expr: \"name || '-' || age\"}", {"name": None, "age": 7}, None),
        ("name: {const: x}", {}, "x"),
        ("name: {const: null}", {}, None),
        ("name: {const: 5}", {}, "5"),
        ("name: {const: true}", {}, "true"),
        ('name: {const: "it\'s {previous} {0}"}', {}, "it's {previous} {0}"),
        ("age: {const: 5}", {}, 5),
        ("active: {const: false}", {}, False),
        ("score: {const: 1.5}", {}, 1.5),
        ("score: {const: 2}", {}, 2.0),
        ("name: {from: active}", {"active": 1}, "true"),
        ("name: {from: age}", {"age": "7"}, "7"),
        ("age: {from: name}", {"name": "12"}, 12),
        ("seen: {expr: as_of()}", {}, dt.datetime(2025, 6, 30, 12)),
        ("born: {from: born}", {"born": "29/02/2000"}, dt.date(2000, 2, 29)),
        ('name: {expr: "key(name, age)"}', {"name": "a|b", "age": 7}, "a\\|b|7"),
        ("name: {from: boss}", {"boss": 0}, None),
        ("name: {from: boss}", {"boss": 8}, "8"),
        ('active: {expr: "age > 5"}', {"age": 6}, True),
        ("name: {from: name}", {"name": ""}, ""),
        ('age: {expr: "try_cast(name as bigint)"}', {"name": "abc"}, None),
        ('score: {expr: "age / 2"}', {"age": 5}, 2.5),
    ],
)
def test_bases(bench: Any, rule: str, given: dict[str, Any], expected: Any) -> None:
    result = bench.map(bench.users("", rule), {"person": [{"id": 1, **given}]})
    assert result.value(rule.split(":")[0]) == expected
    assert result.raised() == []


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        ("2024-02-29T10:00:00+02:00", dt.datetime(2024, 2, 29, 8)),
        ("2024-02-29 10:00:00-0530", dt.datetime(2024, 2, 29, 15, 30)),
        ("2024-02-29 10:00:00Z", dt.datetime(2024, 2, 29, 10)),
        ("2024-02-29 10:00:00", dt.datetime(2024, 2, 29, 10)),
        ("2024-02-29", dt.datetime(2024, 2, 29)),
    ],
)
def test_the_offset_of_a_text_moves_the_instant(bench: Any, given: str, instant: dt.datetime) -> None:
    assert bench.map(bench.users("", "seen: {from: name}"), {"person": [{"id": 1, "name": given}]}).value("seen") == instant


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ("age: {from: name}", "abc"),
        ("age: {from: name}", "1.5"),
        ('age: {expr: "age / 2"}', 5),
        ("score: {from: name}", "abc"),
        ("active: {from: name}", "maybe"),
        ("active: {from: name}", "yes"),
        ("born: {from: name}", "2024-02-30"),
        ("born: {from: name}", "2024-02-28 13:00:00"),
        ("born: {from: name}", "2024-02-28x"),
        ('born: {expr: "cast(name as timestamp)"}', "2024-02-28 13:00:00"),
        ("seen: {from: name}", "soon"),
        ("score: {from: name}", "nan"),
        ("score: {from: name}", "1_000"),
        ("born: {from: name}", "epoch"),
        ("seen: {from: name}", "infinity"),
    ],
)
def test_a_mapped_value_that_is_not_of_the_type_is_a_finding(bench: Any, rule: str, given: Any) -> None:
    row = {"id": 1, ("age" if isinstance(given, int) else "name"): given}
    result = bench.map(bench.users("", rule), {"person": [row]})
    assert result.raised() == [("GATE-TYPE", "1")]
    assert result.dispositions() == {"1": "quarantined"}


def test_value_maps(bench: Any) -> None:
    rule = "status: {from: name, values: {a: x, b: null, '': blank, '1': one}, unmapped: {code: U-STATUS, severity: hold}}"
    rows = [{"id": n, "name": v} for n, v in enumerate(["a", "b", "", "1", "A", None, "zz"], 1)]
    result = bench.map(bench.users("", rule), {"person": rows})
    assert list(result.values("status").values()) == ["x", None, "blank", "one", None, None, None]
    assert [(f["key"], f["value"], f["severity"]) for f in result.findings("U-STATUS")] == [
        ("5", "A", "hold"),
        ("7", "zz", "hold"),
    ]
    assert result.dispositions()["5"] == "held"
    assert result.dispositions()["6"] == KEPT


@pytest.mark.parametrize("keys", ["{true: x, false: y}", "{1: x, 0: y}", "{'1': x, '0': y}"])
@pytest.mark.parametrize("given", [[1, 0, None], ["true", "false", None], [True, False, None]])
def test_value_maps_of_flags(bench: Any, keys: str, given: list[Any]) -> None:
    rows = [{"id": n, "active": v} for n, v in enumerate(given, 1)]
    result = bench.map(bench.users("", f"status: {{from: active, values: {keys}}}"), {"person": rows})
    assert list(result.values("status").values()) == ["x", "y", None]
    assert result.raised() == []


def test_value_maps_of_flags_kept_as_text(bench: Any) -> None:
    rows = [{"id": n, "name": v} for n, v in enumerate(["true", "0", "1", "False"], 1)]
    result = bench.map(bench.users("", "status: {from: name, values: {true: x, false: y}}"), {"person": rows})
    assert list(result.values("status").values()) == ["x", "y", "x", None]
    assert result.raised() == [("MAP-UNMAPPED", "4")]


def test_an_empty_value_map_lists_nothing(bench: Any) -> None:
    result = bench.map(
        bench.users("", "status: {from: name, values: {}}"),
        {"person": [{"id": 1, "name": "a"}, {"id": 2, "name": None}]},
    )
    assert result.dispositions() == {"1": "held", "2": KEPT}


def test_an_unmapped_value_can_be_replaced(bench: Any) -> None:
    rule = "status: {from: name, values: {a: x}, unmapped: {code: U-S, severity: warn, set: other}}"
    result = bench.map(
        bench.users("", rule), {"person": [{"id": 1, "name": "q"}, {"id": 2, "name": "a"}, {"id": 3, "name": None}]}
    )
    assert result.values("status") == {"1": "other", "2": "x", "3": None}
    assert set(result.dispositions().values()) == {KEPT}
    assert result.raised() == [("U-S", "1")]


CROSSED = "{from: old, to: new, label: x, crosswalks: [kinds]}"


def test_crosswalks(bench: Any) -> None:
    pair = bench.users("", "status: {from: name, crosswalk: kinds}", pair=CROSSED)
    rows = [{"id": n, "name": v} for n, v in enumerate(["a", "b", "c", None, ""], 1)]
    result = bench.map(pair, {"person": rows}, entries={"kinds": [("a", "x", "confirmed"), ("b", "y", "proposed")]})
    assert list(result.values("status").values()) == ["x", "y", None, None, None]
    assert result.raised() == [("MAP-UNMAPPED", "3"), ("MAP-UNMAPPED", "5"), ("XWALK-PROPOSED", "2")]
    assert result.dispositions() == {"1": KEPT, "2": KEPT, "3": "held", "4": KEPT, "5": "held"}


def test_crosswalks_of_flags_and_numbers(bench: Any) -> None:
    pair = bench.users("", "status: {from: active, crosswalk: kinds}\nname: {from: age, crosswalk: kinds}", pair=CROSSED)
    result = bench.map(
        pair,
        {"person": [{"id": 1, "active": True, "age": 0}]},
        entries={"kinds": [("1", "x", "confirmed"), ("0", "y", "confirmed")]},
    )
    assert (result.value("status"), result.value("name")) == ("x", "y")


# Checks and uniqueness -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "disposition"),
    [
        ("fatal", "quarantined"),
        ("reject", "quarantined"),
        ("quarantine", "quarantined"),
        ("blocked", "blocked"),
        ("hold", "held"),
        ("warn", KEPT),
    ],
)
def test_severities(bench: Any, severity: str, disposition: str) -> None:
    rule = f"name: {{from: name, check: {{not_blank: {{code: U-NAME, severity: {severity}, message: no name}}}}}}"
    result = bench.map(bench.users("", rule), {"person": [{"id": 1, "name": " "}]})
    assert result.dispositions() == {"1": disposition}
    assert [(f["code"], f["severity"], f["message"], f["field"], f["value"]) for f in result.findings()] == [
        ("U-NAME", severity, "no name", "name", " ")
    ]
    assert result.codes()["1"] == (None if severity == "warn" else "U-NAME")


def test_the_worst_finding_decides(bench: Any) -> None:
    rule = (
        "name: {from: name, check: {not_blank: {code: U-HOLD, severity: hold}, matches: {to: 'x+', code: U-QUAR}}}\n"
        "email: {from: mail, check: {not_blank: {code: U-WARN, severity: warn}}}"
    )
    result = bench.map(bench.users("", rule), {"person": [{"id": 1, "name": "", "mail": ""}]})
    assert result.codes() == {"1": "U-QUAR"}
    assert len(result.raised()) == 3


def test_a_warning_replaces_the_value(bench: Any) -> None:
    rule = "email: {from: mail, do: [trim], check: {email: {code: U-MAIL, severity: warn, set: null}}}"
    result = bench.map(
        bench.users("", rule),
        {"person": [{"id": 1, "mail": " a@x.org "}, {"id": 2, "mail": "none"}, {"id": 3, "mail": None}]},
    )
    assert result.values("email") == {"1": "a@x.org", "2": None, "3": None}
    assert [(f["key"], f["value"]) for f in result.findings()] == [("2", "none")]


def test_a_rule_can_run_several_times_and_look_at_the_row(bench: Any) -> None:
    rule = """
    age:
      from: age
      check:
        expr:
          - {to: "value > 3", code: U-LOW}
          - {to: "value < id * 10", code: U-HIGH}
    """
    result = bench.map(
        bench.users("", rule),
        {"person": [{"id": 1, "age": n} for n in (1,)] + [{"id": 2, "age": 99}, {"id": 3, "age": 5}, {"id": 4, "age": None}]},
    )
    assert result.raised() == [("U-HIGH", "2"), ("U-LOW", "1")]


def test_unique_marks_every_record_of_a_group(bench: Any) -> None:
    rule = "name: {from: name, do: [lower], unique: {code: U-TWICE, severity: hold}}"
    rows = [
        {"id": 1, "name": "A"},
        {"id": 2, "name": "a"},
        {"id": 3, "name": "b"},
        {"id": 4, "name": None},
        {"id": 5, "name": None},
    ]
    result = bench.map(
        bench.users('exclude: [{code: U-X, when: "id = 3", reason: r}]', rule),
        {"person": [*rows, {"id": 6, "name": "b"}]},
    )
    assert result.raised() == [("U-TWICE", "1"), ("U-TWICE", "2")]
    assert result.dispositions()["6"] == KEPT
    assert result.findings()[0]["value"] == "a"


def test_unique_cannot_replace(bench: Any, refused: Any) -> None:
    pair = bench.users("", "name: {from: name, unique: {code: U-TWICE, severity: warn, set: null}}")
    (problem,) = refused(make_plan, pair, "2025-01-01 00:00:00")
    assert "set has no effect under unique" in problem.message


def test_a_unique_field_of_the_target_is_watched_without_being_asked(bench: Any) -> None:
    target = "system: new\nlabel: n\ntarget: {kind: files}\nentities:\n"
    target += "  users: {key: user_id, file: u.csv, fields: {user_id: {}, name: {unique: true}}}\n"
    result = bench.map(
        bench.users("", "name: {from: name}", target=target),
        {"person": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}, {"id": 3, "name": "b"}]},
    )
    assert result.dispositions() == {"1": "quarantined", "2": "quarantined", "3": KEPT}
    assert result.raised() == [("GATE-UNIQUE", "1"), ("GATE-UNIQUE", "2")]


def test_the_first_of_a_target_key_stays(bench: Any) -> None:
    text = "from: old.person\nto: new.users\n"
    text += "fields: {user_id: {from: name}, age: {from: age, check: {not_blank: {code: U-AGE}}}}\n"
    rows = [
        {"id": 10, "name": "a", "age": 1},
        {"id": 9, "name": "a", "age": 2},
        {"id": 2, "name": "a", "age": None},
        {"id": 3, "name": "b", "age": 3},
    ]
    result = bench.map(bench.pair(users=text), {"person": rows})
    assert result.dispositions() == {"2": "quarantined", "3": KEPT, "9": KEPT, "10": "quarantined"}
    assert result.codes() == {"2": "U-AGE", "3": None, "9": None, "10": "KEY-DUPLICATE"}
    assert result.findings("KEY-DUPLICATE")[0]["value"] == "a"


@pytest.mark.parametrize(
    ("severity", "dispositions"),
    [("hold", {"2": "held", "9": "held", "3": KEPT}), ("warn", {"2": KEPT, "9": "quarantined", "3": KEPT})],
)
def test_unique_on_the_key_keeps_the_first_record_back_too(bench: Any, severity: str, dispositions: dict[str, str]) -> None:
    """With a warning alone both would be loaded, so then the engine's own rule stays."""
    text = "from: old.person\nto: new.users\n"
    text += f"fields: {{user_id: {{from: name, unique: {{code: U-TAKEN, severity: {severity}}}}}}}\n"
    rows = [{"id": 9, "name": "a"}, {"id": 2, "name": "a"}, {"id": 3, "name": "b"}]
    result = bench.map(bench.pair(users=text), {"person": rows})
    assert result.dispositions() == dispositions
    assert {f["key"] for f in result.findings("U-TAKEN")} == ({"2", "9"} if severity == "hold" else set())


def test_a_composite_target_key(bench: Any) -> None:
    target = """
    system: new
    label: n
    target: {kind: files}
    entities:
      users: {key: [a, b], file: u.csv, fields: {a: {required: true}, b: {}}}
    """
    text = "from: old.person\nto: new.users\nfields: {a: {from: name}, b: {from: mail}}\n"
    rows = [
        {"id": 1, "name": "x", "mail": "y|z"},
        {"id": 2, "name": "x", "mail": None},
        {"id": 3, "name": None, "mail": "y"},
        {"id": 4, "name": "x", "mail": "y|z"},
    ]
    result = bench.map(bench.pair(target=target, users=text), {"person": rows})
    assert result.by_key("_target_key") == {"1": "x|y\\|z", "2": "x|", "3": None, "4": "x|y\\|z"}
    assert result.codes()["4"] == "KEY-DUPLICATE"


# References ----------------------------------------------------------------------------------------------------------


def test_references(bench: Any) -> None:
    pair = bench.users(
        "exclude: [{code: U-X, when: \"name = 'gone'\", reason: r}]\nmerge: {by: mail, keep: id, code: U-M, reason: r}",
        "manager: {ref: users, by: boss}\nname: {expr: \"'u' || id\"}",
    )
    rows = [
        {"id": 1, "boss": 0, "mail": "a"}, {"id": 2, "boss": None}, {"id": 3, "boss": 1}, {"id": 4, "boss": 99},
        {"id": 5, "name": "gone"}, {"id": 6, "boss": 5}, {"id": 7, "mail": "a"}, {"id": 8, "boss": 7},
    ]  # fmt: skip
    result = bench.map(pair, {"person": rows})
    managers = result.values("manager")
    assert (managers["1"], managers["2"], managers["3"], managers["4"]) == (None, None, "1", None)
    assert managers["8"] == "1"
    assert result.by_key("ref:manager")["8"] == "7"
    assert result.dispositions()["4"] == "blocked"
    (finding,) = result.findings("REF-ORPHAN")
    assert (finding["key"], finding["value"], finding["root_cause"], finding["severity"]) == (
        "4",
        "99",
        "users/99",
        "blocked",
    )


def test_a_reference_can_ask_for_another_field(bench: Any) -> None:
    pair = bench.users("", "manager: {ref: users, by: boss, field: email}\nemail: {from: mail, do: [lower]}")
    result = bench.map(pair, {"person": [{"id": 1, "mail": "A@X"}, {"id": 2, "boss": 1}]})
    assert result.values("manager") == {"1": None, "2": "a@x"}


@pytest.mark.parametrize(
    ("missing", "disposition", "value"),
    [
        ("{code: U-R}", "quarantined", None),
        ("{code: U-R, severity: hold}", "held", None),
        ("{code: U-R, severity: warn, set: nobody}", KEPT, "nobody"),
        ("{code: U-R, severity: warn}", KEPT, None),
        ("{code: U-R, severity: warn, set: null}", KEPT, None),
    ],
)
def test_a_missing_record(bench: Any, missing: str, disposition: str, value: str | None) -> None:
    pair = bench.users("", f"manager: {{ref: users, by: boss, missing: {missing}}}")
    result = bench.map(pair, {"person": [{"id": 1, "boss": 99}]})
    assert (result.dispositions()["1"], result.values("manager")["1"]) == (disposition, value)
    assert result.raised() == [("U-R", "1")]


def test_excluding_references_between_mappings(bench: Any) -> None:
    users = 'from: old.person\nto: new.users\nexclude: [{code: U-X, when: "id = 1", reason: gone}]\n'
    users += "fields: {user_id: {from: id}}\n"
    staff = (
        "from: old.person\nto: new.users\nfields:\n  user_id: {expr: \"'s' || id\"}\n"
        "  manager: {ref: users, by: boss, excluded: {code: U-NOBOSS, when: 'true', reason: the boss is gone}}\n"
    )
    result = bench.map(
        bench.pair(users=users, staff=staff),
        {"person": [{"id": 1, "boss": 2}, {"id": 2, "boss": 1}, {"id": 3}, {"id": 4, "boss": 9}]},
    )
    assert result.dispositions("staff") == {"1": KEPT, "2": "excluded", "3": KEPT, "4": "blocked"}
    assert result.codes("staff")["2"] == "U-NOBOSS"


def test_only_takes_what_another_mapping_merged(bench: Any) -> None:
    users = "from: old.person\nto: new.users\nmerge: {by: mail, keep: id, code: U-M, reason: r}\n"
    users += "fields: {user_id: {from: id}}\n"
    logins = (
        "from: old.person\nto: new.users\n"
        "only: {mapping: users, disposition: merged, code: L-NOT, reason: not merged}\n"
        "fields: {user_id: {expr: \"'l' || id\"}, manager: {ref: users, by: id}}\n"
    )
    result = bench.map(
        bench.pair(users=users, logins=logins),
        {"person": [{"id": 1, "mail": "a"}, {"id": 2, "mail": "a"}, {"id": 3, "mail": "b"}]},
    )
    assert result.dispositions("logins") == {"1": "excluded", "2": KEPT, "3": "excluded"}
    assert result.codes("logins")["1"] == "L-NOT"
    assert result.values("manager", "logins")["2"] == "1"


# Lookups, pivots, lets -----------------------------------------------------------------------------------------------

WIDE = """
system: old
label: Old
source: {kind: database}
entities:
  person:
    key: id
    fields: {id: {type: int}, name: {}, mail: {}, dept: {type: int}, boss: {type: int}, age: {type: int}}
  dept: {key: id, fields: {id: {type: int}, code: {type: int}, title: {}, secret: {pii: secret}, size: {type: int}}}
  attr: {key: id, fields: {id: {type: int}, who: {type: int}, word: {}, value: {}, hidden: {pii: secret}}}
"""
LOOK = "lookup: {d: {from: dept, on: {code: dept}%s}}"


def test_lookups_find_none_one_or_many(bench: Any) -> None:
    given = {
        "person": [{"id": 1, "dept": 10}, {"id": 2, "dept": 20}, {"id": 3, "dept": 99}, {"id": 4, "dept": None}],
        "dept": [
            {"id": 1, "code": 10, "title": "A"},
            {"id": 3, "code": 20, "title": "C"},
            {"id": 2, "code": 20, "title": "B"},
            {"id": 5, "code": None, "title": "N"},
        ],
    }
    optional = bench.map(bench.users(LOOK % "", "name: {expr: d.title}", source=WIDE), given)
    assert optional.values("name") == {"1": "A", "2": "B", "3": None, "4": None}
    assert optional.raised() == [("LOOKUP-MANY", "2")]
    one = bench.map(bench.users(LOOK % ", cardinality: one", "name: {expr: d.title}", source=WIDE), given)
    assert one.raised() == [("LOOKUP-MANY", "2"), ("LOOKUP-NONE", "3"), ("LOOKUP-NONE", "4")]
    assert one.dispositions() == {"1": KEPT, "2": "quarantined", "3": "quarantined", "4": "quarantined"}


def test_lookups_do_not_multiply_rows(bench: Any) -> None:
    given = {"person": [{"id": 1, "dept": 10}], "dept": [{"id": n, "code": 10} for n in range(5)]}
    assert len(bench.map(bench.users(LOOK % "", "name: {expr: d.title}", source=WIDE), given).rows()) == 1


def test_pivots(bench: Any) -> None:
    text = 'pivot: {p: {from: attr, by: who, name: word, value: value, names: [colour, "shoe size"]}}'
    given = {
        "person": [{"id": 1}, {"id": 2}],
        "attr": [
            {"id": 1, "who": 1, "word": "colour", "value": "red"},
            {"id": 2, "who": 1, "word": "shoe size", "value": "42"},
            {"id": 3, "who": 1, "word": "hat", "value": "x"},
        ],
    }
    result = bench.map(bench.users(text, "name: {expr: p.colour}\nstatus: {expr: 'p.\"shoe size\"'}", source=WIDE), given)
    assert result.values("name") == {"1": "red", "2": None}
    assert result.values("status") == {"1": "42", "2": None}
    assert result.raised() == []


def test_two_values_of_one_attribute_are_not_chosen_from_silently(bench: Any) -> None:
    text = "pivot: {p: {from: attr, by: who, name: word, value: value, names: [colour]}}"
    given = {
        "person": [{"id": 1}],
        "attr": [{"id": n, "who": 1, "word": "colour", "value": v} for n, v in ((1, "red"), (2, "blue"))],
    }
    assert bench.map(bench.users(text, "name: {expr: p.colour}", source=WIDE), given).raised() != []


def test_lets_build_on_each_other(bench: Any) -> None:
    lets = """
    let:
      first: "lower(name)"
      second: "first || '!'"
      third: "first || second"
      same: "occurrences(first)"
      d2: "coalesce(d.title, 'none')"
    lookup: {d: {from: dept, on: {code: dept}}}
    """
    result = bench.map(
        bench.users(lets, 'name: {from: third}\nage: {from: same}\nstatus: {expr: "d2 || second"}', source=WIDE),
        {
            "person": [{"id": 1, "name": "A"}, {"id": 2, "name": "a"}, {"id": 3, "name": "B", "dept": 1}, {"id": 4}],
            "dept": [{"id": 1, "code": 1, "title": "T"}],
        },
    )
    assert result.values("name") == {"1": "aa!", "2": "aa!", "3": "bb!", "4": None}
    assert result.values("age") == {"1": 2, "2": 2, "3": 1, "4": None}
    assert result.values("status")["3"] == "Tb!"


def test_lets_serve_every_part_of_a_mapping(bench: Any) -> None:
    pair = bench.users(
        """
        let: {low: "lower(mail)"}
        exclude: [{code: U-X, when: "low = 'x'", reason: r}]
        merge: {by: low, keep: low, code: U-M, reason: r}
        """,
        "manager: {ref: users, by: \"case when low = 'a' then 1 end\"}\n"
        "name: {from: low, check: {expr: {to: \"low <> 'b'\", code: U-B}}}",
    )
    result = bench.map(
        pair,
        {"person": [{"id": 1, "mail": "A"}, {"id": 2, "mail": "a"}, {"id": 3, "mail": "X"}, {"id": 4, "mail": "B"}]},
    )
    assert result.dispositions() == {"1": KEPT, "2": "merged", "3": "excluded", "4": "quarantined"}
    assert result.values("manager")["1"] == "1"


@pytest.mark.parametrize("word", ["mail", "is_manager", "status_status", "was_name", "to_name", "ref_manager", "found_manager"])
def test_names_of_the_source_and_of_the_engine_do_not_mix(bench: Any, word: str) -> None:
    """A let or a source field may have a name the compiler uses itself; or that is refused."""
    source = WIDE.replace("mail: {}", f"mail: {{}}, {word}: {{}}") if word != "mail" else WIDE
    try:
        pair = bench.users(
            "let: {mail: \"'let'\"}" if word == "mail" else "",
            f"name: {{from: {word}}}\nmanager: {{ref: users, by: boss}}\nstatus: {{from: {word}, crosswalk: kinds}}",
            source=source, pair=CROSSED,
        )  # fmt: skip
        result = bench.map(
            pair, {"person": [{"id": 1, word: "own"}, {"id": 2, word: "own", "boss": 1}]},
            entries={"kinds": [("own", "x", "confirmed"), ("let", "x", "confirmed")]},
        )  # fmt: skip
    except ConfigurationError:
        return
    expected = "let" if word == "mail" else "own"
    assert result.values("name") == {"1": expected, "2": expected}
    assert result.values("status") == {"1": "x", "2": "x"}
    assert result.values("manager") == {"1": None, "2": "1"}


# What the compiled mapping says of itself --------------------------------------------------------------------------


def test_what_is_carried_and_what_is_only_consulted(bench: Any) -> None:
    pair = bench.users(
        'exclude: [{code: U-X, when: "active", reason: r}]\nmerge: {by: mail, keep: born, code: U-M, reason: r}',
        "name: {from: name}\nmanager: {ref: users, by: boss}",
    )
    compiled = make_plan(pair, "2025-01-01 00:00:00").rows["users"]
    assert compiled.carried == {"id", "name", "boss", "active"}
    assert compiled.consulted == {"mail", "born"}
    assert compiled.needs == {"person": {"id", "name", "boss", "active", "mail", "born"}}
    assert compiled.exclusions == (("U-X", "r"),)


def test_only_the_fields_asked_for_are_compiled(bench: Any) -> None:
    pair = bench.users("", "name: {from: name}\nage: {from: age}")
    compiled = MappingCompiler(pair, pair.mappings["users"], "2025-01-01 00:00:00").compile(["user_id", "age"])
    assert compiled.fields == ("user_id", "age")
    assert "to:name" not in compiled.select


# Complaints ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "fields", "message", "value"),
    [
        ("", "name: {from: nam}", "unknown field", "nam"),
        ("", 'name: {expr: "nam || 1"}', "unknown field", "nam"),
        ("", "nam: {from: name}", "new.users has no such field", "nam"),
        ("", "name: {from: secret}", "class secret", "secret"),
        ("", 'name: {expr: "lower(secret)"}', "class secret", "secret"),
        ("", "name: {expr: \"read_text('x')\"}", "unknown function", "read_text"),
        ("", 'name: {expr: "a b c"}', "does not parse", "a b c"),
        ("", "name: {expr: x.title}", "unknown name before the dot", "x"),
        ("", "name: {from: name, do: [shout]}", "unknown operator", "shout"),
        ("", "name: {from: name, do: [{truncate: 0}]}", "whole number", None),
        ("", "name: {ref: nobody, by: boss}", "ref names no mapping", "nobody"),
        ("", "name: {ref: users, by: boss, field: nope}", "users has no such field", "nope"),
        ("", "name: {from: name, crosswalk: kinds}", "declares no such crosswalk", "kinds"),
        ("", "name: {from: name, check: {shiny: {code: A-B}}}", "unknown check", "shiny"),
        ("", "name: {from: name, check: {email: yes}}", "needs code and severity", "yes"),
        ("", "name: {from: name, check: {email: {code: A-B, severity: bad}}}", "severity", "bad"),
        ("", "name: {from: name, check: {in: {code: A-B, to: 5}}}", "list of values", 5),
        ("", "name: {from: name, check: {expr: {code: A-B, to: nope}}}", "unknown field", "nope"),
        ("let: {a: b, b: name}", "", "unknown field", "b"),
        ('exclude: [{code: A-B, when: "nope = 1", reason: r}]', "", "unknown field", "nope"),
        ("merge: {by: nope, keep: id, code: A-B, reason: r}", "", "unknown field", "nope"),
        ("merge: {by: id, keep: nope desc, code: A-B, reason: r}", "", "unknown field", "nope"),
        ("merge: {by: id, keep: id, when: nope, code: A-B, reason: r}", "", "unknown field", "nope"),
        ("fold: {by: user_id, keep: nope, code: A-B, reason: r}", "", "unknown", "nope"),
        ("fold: {by: nope, keep: user_id, code: A-B, reason: r}", "", "fold", "nope"),
        ("fold: {by: user_id, keep: user_id, combine: {nope: min}, code: A-B, reason: r}", "", "combine", "nope"),
        ("lookup: {d: {from: nope, on: {id: id}}}", "", "lookup names no entity", "nope"),
        ("lookup: {d: {from: person, on: {nope: id}}}", "", "person has no such field", "nope"),
        ("lookup: {d: {from: person, on: {id: nope}}}", "", "unknown field", "nope"),
        ("lookup: {d: {from: person, on: {id: boss}}}", "name: {expr: d.nope}", "person has no such field", "nope"),
        ("lookup: {d: {from: person, on: {id: boss}}}", "name: {expr: d.secret}", "secret", "secret"),
        ("lookup: {d: {from: person, on: {secret: name}}}", "name: {expr: d.name}", "secret", "secret"),
        ("pivot: {p: {from: nope, by: id, name: name, value: mail, names: [a]}}", "", "pivot names no entity", "nope"),
        (
            "pivot: {p: {from: person, by: nope, name: name, value: mail, names: [a]}}",
            "",
            "person has no such field",
            "nope",
        ),
        (
            "pivot: {p: {from: person, by: id, name: name, value: secret, names: [a]}}",
            "name: {expr: p.a}",
            "secret",
            "secret",
        ),
        (
            "pivot: {p: {from: person, by: id, name: name, value: mail, names: [a]}}",
            "name: {expr: p.b}",
            "does not list this attribute",
            "b",
        ),
        ("only: {mapping: nobody, disposition: merged, code: A-B, reason: r}", "", "mapping", "nobody"),
        (
            "",
            "manager: {ref: users, by: boss, excluded: {code: A-B, when: 'id = 1', reason: r}}",
            "excluded.when",
            "id = 1",
        ),
    ],
    ids=lambda v: str(v)[:40],
)
@pytest.mark.parametrize("chosen", [None, ["users"]], ids=["all", "one"])
def test_complaints_have_a_place(
    bench: Any, refused: Any, rest: str, fields: str, message: str, value: object, chosen: list[str] | None
) -> None:
    def compile_it() -> None:
        make_plan(bench.users(rest, fields), "2025-01-01 00:00:00", chosen)

    problems = [p for p in refused(compile_it) if message in p.message]
    assert problems
    if value is not None:
        assert problems[0].value == value
    text = (bench.folder / "mapping/users.yaml").read_text().splitlines()
    assert problems[0].place is not None
    assert problems[0].place.file.name == "users.yaml"
    line = text[problems[0].place.line - 1]
    assert any(part and part.split(":")[0] in line for part in (rest, fields))


def test_unknown_fields_come_with_those_there_are(bench: Any, refused: Any) -> None:
    pair = bench.users("let: {low: name}\nlookup: {d: {from: person, on: {id: boss}}}", "name: {from: nam}")
    (problem,) = refused(make_plan, pair, "2025-01-01 00:00:00")
    assert {"name", "low", "d", "id"} <= set(problem.allowed)


def test_every_complaint_comes_at_once(bench: Any, refused: Any) -> None:
    pair = bench.users("let: {a: nope1}", "name: {from: nope2}\nage: {expr: nope3}\nstatus: {ref: nope4, by: nope5}")
    values = {p.value for p in refused(make_plan, pair, "2025-01-01 00:00:00")}
    assert values == {"nope1", "nope2", "nope3", "nope4", "nope5"}


@pytest.mark.parametrize(
    ("key", "reference", "found"),
    [
        ("int", "int", {"1": "7", "2": "7", "3": None}),
        ("string", "string", {"1": "7", "2": "07", "3": None}),
        ("string", "int", {"1": "7", "2": "7", "3": None}),
        ("int", "string", {"1": "7", "2": None, "3": None}),
    ],
)
def test_a_reference_means_the_same_whether_it_is_found_by_number_or_by_text(
    bench: Any, key: str, reference: str, found: dict[str, str | None]
) -> None:
    source = f"""
        system: old
        label: Old
        source: {{kind: database}}
        entities:
          person: {{key: id, fields: {{id: {{type: {key}}}}}}}
          team: {{key: id, fields: {{id: {{}}, lead: {{type: {reference}}}}}}}
        """
    target = """
        system: new
        label: New
        target: {kind: files}
        entities:
          users: {key: id, file: u.csv, fields: {id: {}}}
          teams: {key: id, file: t.csv, fields: {id: {}, lead: {}}}
        """
    pair = bench.pair(
        source=source, target=target, users="from: old.person\nto: new.users\nfields: {id: {from: id}}\n",
        teams="from: old.team\nto: new.teams\nfields: {id: {from: id}, lead: {ref: users, by: lead}}\n",
    )  # fmt: skip
    people = [{"id": "7"}, {"id": "7"}] + ([{"id": "07"}] if key == "string" else [])
    leads = {"1": "7", "2": "07", "3": None}
    result = bench.map(pair, {"person": people, "team": [{"id": n, "lead": lead} for n, lead in leads.items()]})
    assert result.by_key("to:lead", "teams") == found
    assert len(result.rows("teams")) == 3, "a key that stands twice is found once"
