"""Write the reports of a company that does not exist, as SuccessFactors Learning gives them, with planted faults.

    python sample_data/generate_successfactors.py FOLDER
    python sample_data/generate_successfactors.py --list > sample_data/successfactors.md

The same bytes every time: fixed seed, no clock, standard library only. Nothing in it is real: people are made from lists of
given and family names, every address ends in example.org. User ids are personnel numbers of eight digits, instants carry an
offset as in ``APR-06-2020 15:00:00-0500``, grades are text, with a comma where the person is in Germany. The ordinary company is
built first, then each fault is planted by a function of its own. Planted people have numbers from 00000901.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import planted
from planted import FAMILY, GIVEN, Fault, Files, Row, count, plant_all, write_files

SEED = 20260315
TODAY = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "CPNT_TYP_ID,CPNT_ID,REV_DTE"
COLUMNS = {
    "organizations": "ORG_ID,ORG_DESC,PAR_ORG_ID",
    "job_codes": "JP_ID,JP_DESC",
    "users": "STUD_ID,FNAME,LNAME,MI,EMAIL_ADDR,NOTACTIVE,DMN_ID,ORG_ID,JP_ID,JOB_TITLE,SUPER,HIRE_DTE,TERM_DTE,CITY,CNTRY,"
    "LOCALE_ID,TIME_ZONE",
    "completion_statuses": "CMPL_STAT_ID,CMPL_STAT_DESC,PROVIDE_CRDT",
    "items": f"{KEY},NOTACTIVE,CPNT_TITLE,HTML_CPNT_DESC,CREDIT_HRS,CPNT_LEN,CMPL_STAT_ID,DMN_ID,LOCALE",
    "learning_history": f"STUD_ID,{KEY},CMPL_STAT_ID,COMPL_DTE,COMPL_DTE_TIMEZONE,GRADE,CREDIT_HRS,CPE_HRS,CONTACT_HRS,"
    "TOTAL_HRS,INST_NAME,COMMENTS,ES_USER_NAME,ESIG_MEANING_CODE_ID,ESIG_MESSAGE,SCHD_ID,LST_UPD_USR,LST_UPD_TSTMP",
    "assignments": f"STUD_ID,{KEY},ASSGN_DTE,REQ_DTE,ORIGIN",
    "classes": f"SCHD_ID,{KEY},SCHD_DESC,START_DTE,END_DTE,TIME_ZONE,LOCN_ID,INST_NAME",
    "curricula": "QUAL_ID,QUAL_TITLE,QUAL_DESC,NOTACTIVE",
    "curriculum_requirements": "QUAL_ID,RQMT_ID,INIT_NUMBER,INIT_PERIOD,INIT_BASIS,RETRAIN_NUMBER,RETRAIN_PERIOD,RETRAIN_BASIS",
    "curriculum_items": f"QUAL_ID,{KEY},SEQ_ORDER",
    "curriculum_assignments": "STUD_ID,QUAL_ID,ASSGN_DTE,REQ_DTE,STATUS,COMPL_DTE,EXP_DTE",
    "external_events": "STUD_ID,DESCRIPTION,COMPL_DTE,GRADE,CREDIT_HRS,INST_NAME,COMMENTS",
}
PLACES = (
    ("ES", "Valencia", "Spanish", "Europe/Madrid", 1),
    ("DE", "Kassel", "German", "Europe/Berlin", 1),
    ("US", "Dayton", "English", "America/New_York", -5),
)
ITEMS = (
    ("COURSE", "GMP-101", "2012-01-09 00:00:00", "Good manufacturing practice"),
    ("COURSE", "GMP-101", "2020-06-01 00:00:00", "Good manufacturing practice"),
    ("COURSE", "ISO-110", "2012-01-09 00:00:00", "Passwords & phishing"),
    ("COURSE", "HS-007", "2012-01-09 00:00:00", "Lifting loads"),
    ("SOP", "SOP-014", "2012-01-09 00:00:00", "Cleaning of vessels"),
    ("SOP", "SOP-014", "2021-02-01 00:00:00", "Cleaning of vessels"),
    ("CLASS", "AID", "2012-01-09 00:00:00", "First aid, one day"),
)
STATUSES = (
    ("COURSE-COMPL", "Course completed", "Y"), ("COURSE-FAIL", "Course failed", "N"), ("SOP-READ", "Read and understood", "Y"),
    ("COURSE-EXEMPT", "Credit for earlier training", "Y"), ("CLASS-ATT", "Attended", "Y"),
    ("CLASS-NOSHOW", "Did not attend", "N"),
)  # fmt: skip


@dataclass
class Company(Files):
    """The reports being made."""

    columns: Mapping[str, str] = field(default_factory=lambda: COLUMNS)
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))


def instant(at: datetime, hours: int = 0) -> str:
    """As the system writes it: in the offset of a place, the month in capitals."""
    if not hours:
        return f"{at:%b-%d-%Y %H:%M:%S UTC}".upper()
    return f"{at + timedelta(hours=hours):%b-%d-%Y %H:%M:%S}{'+' if hours > 0 else '-'}{abs(hours):02}00".upper()


def build_company() -> Company:
    """The company before any fault is planted."""
    c = Company()
    for number, name, above in (("0100", "Example Works", ""), ("0110", "Production", "0100"), ("0120", "Quality", "0100")):
        c.add("organizations", ORG_ID=number, ORG_DESC=name, PAR_ORG_ID=above)
    for number, name in (("J10", "Engineer"), ("J20", "Analyst"), ("J30", "Operator")):
        c.add("job_codes", JP_ID=number, JP_DESC=name)
    for status, name, credit in STATUSES:
        c.add("completion_statuses", CMPL_STAT_ID=status, CMPL_STAT_DESC=name, PROVIDE_CRDT=credit)
    for kind, code, revision, title in ITEMS:
        item(c, kind, code, revision, title)
    c.add("curricula", QUAL_ID="START", QUAL_TITLE="Start in production", QUAL_DESC="<p>All newcomers</p>", NOTACTIVE="N")
    c.add("curriculum_requirements", QUAL_ID="START", RQMT_ID="YEARLY", INIT_NUMBER=30, INIT_PERIOD="Days", INIT_BASIS="Event",
          RETRAIN_NUMBER=24, RETRAIN_PERIOD="Months", RETRAIN_BASIS="Event")  # fmt: skip
    for order, (kind, code, revision, _) in enumerate((ITEMS[1], ITEMS[3], ITEMS[5]), 1):
        c.add("curriculum_items", QUAL_ID="START", CPNT_TYP_ID=kind, CPNT_ID=code, REV_DTE=revision, SEQ_ORDER=order)
    for number, day in (("4711", datetime(2019, 5, 7, 8, tzinfo=UTC)), ("4712", datetime(2023, 10, 12, 8, tzinfo=UTC))):
        offering(c, number, START_DTE=instant(day, 2), END_DTE=instant(day + timedelta(hours=7, minutes=30), 2))
    for number in range(101, 147):
        _person(c, number)
    return c


def item(c: Company, kind: str, code: str, revision: str = "2012-01-09 00:00:00", title: str = "A title", **cells: object) -> Row:
    """An item in one of its revisions."""
    taught = kind == "CLASS"
    ordinary: dict[str, object] = {
        "CPNT_TYP_ID": kind, "CPNT_ID": code, "REV_DTE": revision, "NOTACTIVE": "N", "CPNT_TITLE": title, "DMN_ID": "PUBLIC",
        "HTML_CPNT_DESC": f"<p>{title}</p>", "CREDIT_HRS": "6.00" if taught else "0.50", "CPNT_LEN": "7.50" if taught else "",
        "CMPL_STAT_ID": "" if taught else "COURSE-COMPL", "LOCALE": "English",
    }  # fmt: skip
    return c.add("items", **{**ordinary, **cells})


def offering(c: Company, number: str, **cells: object) -> None:
    """A class of the first aid day."""
    ordinary = {"SCHD_ID": number, "CPNT_TYP_ID": "CLASS", "CPNT_ID": "AID", "REV_DTE": "2012-01-09 00:00:00",
                "SCHD_DESC": "First aid, one day", "TIME_ZONE": "Europe/Berlin", "LOCN_ID": "Room 1"}  # fmt: skip
    c.add("classes", **{**ordinary, **cells})


def someone(c: Company, number: str, **cells: object) -> Row:
    """A person; what is not said is ordinary."""
    ordinary = {
        "STUD_ID": number, "FNAME": "Ines", "LNAME": f"Planted{number}", "EMAIL_ADDR": f"user{number}@example.org",
        "NOTACTIVE": "N", "DMN_ID": "PUBLIC", "ORG_ID": "0110", "JP_ID": "J30", "JOB_TITLE": "Operator", "SUPER": "00000101",
        "HIRE_DTE": "2018-03-12", "CITY": "Dayton", "CNTRY": "US", "LOCALE_ID": "English", "TIME_ZONE": "America/New_York",
    }  # fmt: skip
    return c.add("users", **{**ordinary, **cells})


def history(c: Company, person: str, which: int, at: datetime, hours: int = 0, **cells: object) -> Row:
    """A row of the learning history, of one of ``ITEMS``."""
    kind, code, revision, _ = ITEMS[which]
    status = {"SOP": "SOP-READ", "CLASS": "CLASS-ATT"}.get(kind, "COURSE-COMPL")
    zone = {1: "Europe/Berlin", -5: "America/New_York"}.get(hours, "UTC")
    ordinary = {
        "STUD_ID": person, "CPNT_TYP_ID": kind, "CPNT_ID": code, "REV_DTE": revision, "CMPL_STAT_ID": status,
        "COMPL_DTE": instant(at, hours), "COMPL_DTE_TIMEZONE": zone, "CREDIT_HRS": "0.50", "TOTAL_HRS": "0.75",
        "LST_UPD_USR": "WEBSERVICE", "LST_UPD_TSTMP": instant(at + timedelta(minutes=1)),
    }  # fmt: skip
    return c.add("learning_history", **{**ordinary, **cells})


def _person(c: Company, number: int) -> None:
    rng, own = c.rng, f"{number:08}"
    country, city, locale, zone, hours = rng.choice(PLACES)
    hired = datetime(2013, 1, 7, tzinfo=UTC) + timedelta(days=rng.randint(0, 3000))
    left = hired + timedelta(days=rng.randint(500, 1500)) if number % 7 == 0 else None
    job = rng.choice((("J10", "Engineer"), ("J20", "Analyst"), ("J30", "Operator")))
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    someone(
        c, own, FNAME=given, LNAME=family, NOTACTIVE="Y" if left else "N", ORG_ID=rng.choice(("0110", "0120")), JP_ID=job[0],
        JOB_TITLE=job[1], SUPER="" if number == 101 else f"{rng.choice((101, 102, 103)) if number > 103 else 101:08}",
        HIRE_DTE=f"{hired:%Y-%m-%d}", TERM_DTE=f"{left:%Y-%m-%d}" if left else "", CITY=city, CNTRY=country, LOCALE_ID=locale,
        TIME_ZONE=zone, MI=rng.choice("ABC") if country == "US" else "",
    )  # fmt: skip
    end = left or TODAY
    for which in rng.sample(range(6), 4):
        at = hired + timedelta(days=rng.randint(5, (end - hired).days), seconds=rng.randint(21_600, 72_000))
        later = {0: 1, 4: 5}.get(which)
        while later and at >= datetime.fromisoformat(ITEMS[later][2] + "+00:00"):
            which, later = later, None
        while at < datetime.fromisoformat(ITEMS[which][2] + "+00:00"):
            which -= 1
        points = rng.randint(120, 200) / 2
        grade = f"{points:.1f}".replace(".", "," if country == "DE" else ".") if which in (0, 1) else ""
        signed = {"ES_USER_NAME": f"{given} {family}", "ESIG_MEANING_CODE_ID": "READ"} if which in (4, 5) else {}
        history(c, own, which, at, hours, GRADE=grade, **signed)
    for number_of, day in (
        ("4711", datetime(2019, 5, 7, 15, 30, tzinfo=UTC)),
        ("4712", datetime(2023, 10, 12, 15, 30, tzinfo=UTC)),
    ):
        if hired < day < end and rng.random() < 0.4:
            came = rng.random() < 0.9
            history(c, own, 6, day, 1, SCHD_ID=number_of, CMPL_STAT_ID="CLASS-ATT" if came else "CLASS-NOSHOW",
                    CREDIT_HRS="6.00" if came else "0.00", INST_NAME="Ada Jansen")  # fmt: skip
    if number % 4 == 0 and not left:
        kind, code, revision, _ = ITEMS[1]
        c.add("assignments", STUD_ID=own, CPNT_TYP_ID=kind, CPNT_ID=code, REV_DTE=revision, ASSGN_DTE="2025-12-01",
              REQ_DTE="2026-03-31", ORIGIN="P")  # fmt: skip
    if number % 3 == 0:
        done = number % 2 == 0
        c.add("curriculum_assignments", STUD_ID=own, QUAL_ID="START", ASSGN_DTE=f"{hired:%Y-%m-%d}", REQ_DTE="2026-06-30",
              STATUS="Complete" if done else "Incomplete", COMPL_DTE="2025-02-03" if done else "",
              EXP_DTE="2027-02-03" if done else "")  # fmt: skip
    if number % 9 == 0:
        evening = instant(datetime(2019, 9, 15, 18, tzinfo=UTC), hours)
        c.add("external_events", STUD_ID=own, DESCRIPTION="Evening class, statistics", CREDIT_HRS="2.00", COMPL_DTE=evening,
              GRADE="good", INST_NAME="Town college")  # fmt: skip


# Planted faults -------------------------------------------------------------------------------------------------------------

DAY = datetime(2023, 3, 15, 9, tzinfo=UTC)


def plant_people(c: Company) -> None:
    someone(c, "00000901", FNAME="Lucía", LNAME="Moreau")
    someone(c, "901", FNAME="Lucía", LNAME="MOREAU", NOTACTIVE="Y", EMAIL_ADDR="")
    history(c, "901", 3, DAY)
    someone(c, "00000902", LNAME="One")
    someone(c, "902", LNAME="Other")
    someone(c, "00000903", FNAME=" ")
    someone(c, "00000904", EMAIL_ADDR="nobody at home")
    someone(c, "00000905", NOTACTIVE="")
    someone(c, "00000906", SUPER="00000999")
    someone(c, "00000907", SUPER="00000907")
    someone(c, "00000908", ORG_ID="0999")
    someone(c, "00000909", JP_ID="J99")
    someone(c, "00000910", HIRE_DTE="1900-01-01")
    someone(c, "00000911", HIRE_DTE="2019-05-01", TERM_DTE="2019-04-01", NOTACTIVE="Y")
    someone(c, "00000912", LOCALE_ID="Esperanto")
    someone(c, "00000913", TIME_ZONE="Moon/Tycho")
    someone(c, "00000914", TIME_ZONE="")
    someone(c, "00000915", FNAME="Zoe\u0301", LNAME="O|Neill, Jr.", CNTRY="es")


def plant_units(c: Company) -> None:
    c.add("organizations", ORG_ID="0910", ORG_DESC=" ")
    c.add("organizations", ORG_ID="0920", ORG_DESC="Below nothing", PAR_ORG_ID="0998")
    c.add("job_codes", JP_ID="J91", JP_DESC="")


def plant_items(c: Company) -> None:
    item(c, "COURSE", "DST-1", "2015-03-29 00:00:00")
    item(c, "COURSE", "DST-1", "2015-03-29 01:00:00")
    item(c, "COURSE", "UNREAD-1", "first edition")
    item(c, "COURSE", "BLANK-1", title=" ")
    item(c, "COURSE", "TLH-1", LOCALE="Klingon")
    item(c, "COURSE", "MINUS-1", CREDIT_HRS="-1.00")
    item(c, "COURSE", "OLD-1", title="Old & <b>gold</b>", NOTACTIVE="Y")
    c.add("curricula", QUAL_ID="EMPTY", QUAL_TITLE="", NOTACTIVE="Y")
    c.add("curriculum_items", QUAL_ID="START", CPNT_TYP_ID="COURSE", CPNT_ID="GONE-1", REV_DTE="2012-01-09 00:00:00", SEQ_ORDER=4)
    history(c, "00000102", 3, DAY + timedelta(hours=3), CPNT_ID="DST-1", REV_DTE="2015-03-29 00:00:00")
    history(c, "00000102", 3, DAY + timedelta(hours=4), CPNT_ID="OLD-1")


def plant_classes(c: Company) -> None:
    offering(c, "4801")
    offering(c, "4802", START_DTE=instant(DAY), END_DTE=instant(DAY - timedelta(days=1)))
    offering(c, "4803", START_DTE=instant(DAY), END_DTE=instant(DAY), TIME_ZONE="Moon/Tycho")
    history(c, "00000102", 6, DAY, SCHD_ID="4803", GRADE="Good")
    history(c, "00000103", 6, DAY, SCHD_ID="4803", CMPL_STAT_ID="CLASS-LATE")
    history(c, "00000104", 6, DAY, SCHD_ID="4999")


def plant_history(c: Company) -> None:
    person = "00000921"
    someone(c, person)
    hour = iter(DAY + timedelta(days=number) for number in range(99))
    history(c, person, 3, next(hour), CMPL_STAT_ID="COURSE-FAIL")
    history(c, person, 1, next(hour), REV_DTE="")
    history(c, person, 1, next(hour), REV_DTE="2020-05-31 23:00:00")
    history(c, person, 3, next(hour), CMPL_STAT_ID="COURSE-VIEWED")
    history(c, person, 3, datetime(2100, 1, 1, tzinfo=UTC))
    history(c, person, 3, next(hour), GRADE="Pass")
    history(c, person, 3, next(hour), CMPL_STAT_ID="COURSE-EXEMPT")
    twice = next(hour)
    history(c, person, 4, twice)
    history(c, person, 4, twice, CMPL_STAT_ID="COURSE-COMPL", GRADE="80")
    history(c, person, 3, datetime(2023, 5, 1, 3, 59, 59, tzinfo=UTC), -5, GRADE="66,6667", COMMENTS="first\nsecond")
    history(c, person, 5, next(hour), ES_USER_NAME="Ines Beforehand", ESIG_MEANING_CODE_ID="READ")
    history(c, "00000998", 3, next(hour))
    history(c, "00000903", 3, next(hour))
    history(c, person, 3, next(hour))["COMPL_DTE"] = "06.04.2020 um 15 Uhr"


def plant_assignments(c: Company) -> None:
    kind, code, revision, _ = ITEMS[3]
    key = {"CPNT_TYP_ID": kind, "CPNT_ID": code, "REV_DTE": revision}
    c.add("assignments", STUD_ID="00000902", **key, REQ_DTE="2026-06-30", ORIGIN="A")
    c.add("assignments", STUD_ID="902", **key, ASSGN_DTE="2025-01-07", REQ_DTE="2025-06-30", ORIGIN="S")
    given = {"QUAL_ID": "START", "REQ_DTE": "2026-06-30"}
    c.add("curriculum_assignments", STUD_ID="00000912", **given, STATUS="Incomplete")
    c.add("curriculum_assignments", STUD_ID="00000913", **given, ASSGN_DTE="2020-01-07", STATUS="Waived")
    c.add("curriculum_assignments", STUD_ID="00000914", **given, ASSGN_DTE="2020-01-07", STATUS="Complete", EXP_DTE="2027-01-01")
    expired = {"ASSGN_DTE": "2020-01-07", "COMPL_DTE": "2021-02-03", "EXP_DTE": "2023-02-03"}
    c.add("curriculum_assignments", STUD_ID="00000910", **given, **expired, STATUS="Complete")


def plant_files(c: Company) -> None:
    row = c.tables["learning_history"][0]
    short = {**row, "STUD_ID": "00000103", "COMMENTS": "came late, left early"}
    c.raw["learning_history"] = [",".join(one.values()).encode() + b"\r\n" for one in (row, short)]
    for one in c.tables["users"][:9]:
        one["SHOE_SIZE"] = "44"
    c.extra["requests.csv"] = "REQUEST_ID,STUD_ID\r\n1,00000102\r\n"


FAULTS: tuple[Fault[Company], ...] = (
    # -- people and units
    Fault("Person twice, once without the leading zeros", "users 00000901, 901", "USR-SAME-PERSON",
          count("users", STUD_ID="901"), 1, plant_people),
    Fault("Numbers 00000902 and 902, two people", "users 00000902, 902", "-", count("users", STUD_ID="902"), 1, plant_people),
    Fault("Given name of blanks", "user 00000903", "USR-NAME-BLANK", count("users", FNAME=" "), 1, plant_people),
    Fault("Text that is no address", "user 00000904", "USR-EMAIL-INVALID", count("users", EMAIL_ADDR="nobody at home"), 1,
          plant_people),
    Fault("Nobody says whether the person is in use", "user 00000905", "USR-STATUS-BLANK", count("users", NOTACTIVE=""), 1,
          plant_people),
    Fault("Supervisor who is not in the report", "user 00000906", "USR-MANAGER-UNKNOWN", count("users", SUPER="00000999"), 1,
          plant_people),
    Fault("Person who is their own supervisor", "user 00000907", "USR-MANAGER-SELF", count("users", SUPER="00000907"), 1,
          plant_people),
    Fault("Organization that is not in the report", "user 00000908", "USR-ORG-UNKNOWN", count("users", ORG_ID="0999"), 1,
          plant_people),
    Fault("Job code that is not in the report", "user 00000909", "USR-JOB-UNKNOWN", count("users", JP_ID="J99"), 1,
          plant_people),
    Fault("Hired in 1900, which says that nobody knew", "user 00000910", "USR-HIRED-BEFORE-1901",
          count("users", HIRE_DTE="1900-01-01"), 1, plant_people),
    Fault("Left before the first day", "user 00000911", "USR-DATES", count("users", TERM_DTE="2019-04-01"), 1, plant_people),
    Fault("Locale that nobody listed", "user 00000912", "USR-LOCALE-UNKNOWN", count("users", LOCALE_ID="Esperanto"), 1,
          plant_people),
    Fault("Time zone that nobody listed", "user 00000913", "USR-ZONE-UNKNOWN", count("users", TIME_ZONE="Moon/Tycho"), 1,
          plant_people),
    Fault("No time zone", "user 00000914", "USR-ZONE-BLANK", count("users", TIME_ZONE=""), 1, plant_people),
    Fault("Combining accent, delimiter and comma in a name, country in small letters", "user 00000915", "-",
          count("users", CNTRY="es"), 1, plant_people),
    Fault("Organization without a description", "0910", "ORG-NAME-BLANK", count("organizations", ORG_ID="0910"), 1,
          plant_units),
    Fault("Organization below one that is not there", "0920", "ORG-PARENT-UNKNOWN", count("organizations", PAR_ORG_ID="0998"),
          1, plant_units),
    Fault("Job code without a description", "J91", "POS-NAME-BLANK", count("job_codes", JP_DESC=""), 1, plant_units),
    # -- catalogue
    Fault("One revision twice, an hour apart", "DST-1", "ITM-REVISION-TWICE", count("items", CPNT_ID="DST-1"), 2, plant_items),
    Fault("Revision date that is no date", "UNREAD-1", "ITM-REVISION-UNREADABLE", count("items", REV_DTE="first edition"), 1,
          plant_items),
    Fault("Title of blanks", "BLANK-1", "ITM-TITLE-BLANK", count("items", CPNT_TITLE=" "), 1, plant_items),
    Fault("Locale that nobody listed", "TLH-1", "ITM-LOCALE-UNKNOWN", count("items", LOCALE="Klingon"), 1, plant_items),
    Fault("Credit below nothing", "MINUS-1", "ITM-CREDIT-NEGATIVE", count("items", CREDIT_HRS="-1.00"), 1, plant_items),
    Fault("Retired item with markup in its title", "OLD-1", "-", count("items", NOTACTIVE="Y"), 1, plant_items),
    Fault("Curriculum without a title", "EMPTY", "CUR-TITLE-BLANK", count("curricula", QUAL_TITLE=""), 1, plant_items),
    Fault("Item of a curriculum that is not in the report", "START, GONE-1", "REF-ORPHAN",
          count("curriculum_items", CPNT_ID="GONE-1"), 1, plant_items),
    Fault("Class without a beginning", "4801", "CLS-DATE-BLANK", count("classes", START_DTE=""), 1, plant_classes),
    Fault("Class that ends before it begins", "4802", "CLS-DATES", count("classes", SCHD_ID="4802"), 1, plant_classes),
    Fault("Class in a time zone that nobody listed", "4803", "CLS-ZONE-UNKNOWN", count("classes", TIME_ZONE="Moon/Tycho"), 1,
          plant_classes),
    # -- history
    Fault("Status of a class that nobody listed", "user 00000103, class 4803", "CLS-STATUS-UNKNOWN",
          count("learning_history", CMPL_STAT_ID="CLASS-LATE"), 1, plant_classes),
    Fault("Class that is not in the report", "user 00000104, class 4999", "REF-ORPHAN",
          count("learning_history", SCHD_ID="4999"), 1, plant_classes),
    Fault("Grade in words", "user 00000102, class 4803; user 00000921", "HIS-GRADE-TEXT",
          count("learning_history", GRADE="Good"), 1, plant_classes),
    Fault("Failed, which gives no credit", "user 00000921", "HIS-NO-CREDIT",
          count("learning_history", CMPL_STAT_ID="COURSE-FAIL"), 1, plant_history),
    Fault("No revision date", "user 00000921, GMP-101", "HIS-REVISION-BLANK", count("learning_history", REV_DTE=""), 1,
          plant_history),
    Fault("Revision date an hour off", "user 00000921, GMP-101", "HIS-REVISION-HOUR",
          count("learning_history", REV_DTE="2020-05-31 23:00:00"), 1, plant_history),
    Fault("Status that nobody listed", "user 00000921", "HIS-STATUS-UNKNOWN",
          count("learning_history", CMPL_STAT_ID="COURSE-VIEWED"), 1, plant_history),
    Fault("Completed in the year 2100", "user 00000921", "HIS-FUTURE",
          count("learning_history", COMPL_DTE="JAN-01-2100 00:00:00 UTC"), 1, plant_history),
    Fault("Status whose counterpart nobody confirmed", "user 00000921", "XWALK-PROPOSED",
          count("learning_history", CMPL_STAT_ID="COURSE-EXEMPT"), 1, plant_history),
    Fault("One instant under two statuses", "user 00000921, SOP-014", "HIS-SAME-TWICE", count("learning_history", GRADE="80"),
          1, plant_history),
    Fault("A second before midnight in New York, a grade with a comma, a comment over two lines", "user 00000921", "-",
          count("learning_history", GRADE="66,6667"), 1, plant_history),
    Fault("Signed with the name of that day", "user 00000921, SOP-014", "-",
          count("learning_history", ES_USER_NAME="Ines Beforehand"), 1, plant_history),
    Fault("Person who is not in the report", "user 00000998", "REF-ORPHAN", count("learning_history", STUD_ID="00000998"), 1,
          plant_history),
    Fault("History of a person and of items that wait", "user 00000903; DST-1", "REF-BLOCKED",
          count("learning_history", STUD_ID="00000903"), 1, plant_history),
    Fault("Date in words of another language", "user 00000921", "SRC-TYPE",
          count("learning_history", COMPL_DTE="06.04.2020 um 15 Uhr"), 1, plant_history),
    Fault("The same row, which has no instant then", "user 00000921", "GATE-REQUIRED",
          count("learning_history", COMPL_DTE="06.04.2020 um 15 Uhr", STUD_ID="00000921"), 1, plant_history),
    # -- assignments
    Fault("Assigned, and nobody recorded when", "user 00000902", "ASG-DATE-BLANK", count("assignments", ASSGN_DTE=""), 1,
          plant_assignments),
    Fault("Overdue", "user 902", "ASG-OVERDUE", count("assignments", REQ_DTE="2025-06-30"), 1, plant_assignments),
    Fault("Curriculum, and nobody recorded since when", "user 00000912", "CUA-DATE-BLANK",
          count("curriculum_assignments", ASSGN_DTE=""), 1, plant_assignments),
    Fault("Status of a curriculum that nobody knows", "user 00000913", "CUA-STATUS-UNKNOWN",
          count("curriculum_assignments", STATUS="Waived"), 1, plant_assignments),
    Fault("Complete, and nobody recorded since when", "user 00000914", "CUA-COMPLETED-BLANK",
          count("curriculum_assignments", STATUS="Complete", COMPL_DTE=""), 1, plant_assignments),
    Fault("Complete, and expired", "user 00000910", "CUA-EXPIRED", count("curriculum_assignments", EXP_DTE="2023-02-03"), 1,
          plant_assignments),
    # -- files
    Fault("Row of the history twice", "the first row of learning_history.csv", "SRC-KEY-DUPLICATE", lambda c: len(c.raw), 1,
          plant_files),
    Fault("Comma in a comment without quotes", "user 00000103", "SRC-SHAPE",
          lambda c: len(c.raw.get("learning_history", ())) // 2, 1, plant_files),
    Fault("Column that the contract does not know (SHOE_SIZE)", "users.csv, 9 rows", "SRC-UNKNOWN-COLUMN",
          lambda c: sum("SHOE_SIZE" in r for r in c.tables["users"]), 9, plant_files),
    Fault("Another report in the folder", "requests", "LOSS-UNDECLARED", lambda c: len(c.extra), 1, plant_files),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    return planted.fault_table(FAULTS, "the SuccessFactors sample", "a run to Cornerstone")


def build() -> Company:
    """The ordinary company with every fault planted."""
    return plant_all(build_company(), FAULTS)


def generate(directory: Path) -> None:
    """Write the reports into ``directory``, which is made when it is not there."""
    write_files(directory, build())


if __name__ == "__main__":
    sys.exit(planted.command_line(generate, {"list": fault_table}, "SuccessFactors sample"))
