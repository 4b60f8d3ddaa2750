"""Write the reports of a company that does not exist, as Cornerstone OnDemand saves them, with planted faults.

    python sample_data/generate_cornerstone.py FOLDER
    python sample_data/generate_cornerstone.py --list > sample_data/cornerstone.md

The same bytes every time: fixed seed, no clock, standard library only. Nothing in it is real: people are made from lists of
given and family names, every address ends in example.org. Dates are written as in the United States, files begin with a byte
order mark, and transcripts come as two reports, because one had too many rows. The ordinary company is built first, then each
fault is planted by a function of its own. Planted people have numbers from 000901, planted learning objects GUIDs that begin
with f.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import planted
from planted import FAMILY, GIVEN, Fault, Files, Row, count, plant_all, write_files

SEED = 20260301
TODAY = date(2026, 1, 1)
RECENT = date(2022, 1, 1)
"""From here on a transcript stands in the second report."""
TRANSCRIPT = (
    "User ID,LO ID,Registration Number,Registration Date,Status,Completion Date,Due Date,Score,Credits,Training Hours,Version,"
    "Comments,Signature,Signature Date,Archived"
)
COLUMNS = {
    "ou": "OU Type,OU ID,OU Name,Parent OU ID,Active",
    "users": "User ID,User Name,First Name,Last Name,Email,Phone,Active,Manager ID,Division ID,Position ID,Hire Date,"
    "Termination Date,Country,City,Language,Time Zone",
    "training": "LO ID,LO Type,Training ID,Title,Version,Effective Date,Description,Subject,Training Hours,Credits,Active,"
    "Parent LO ID",
    "curriculum_structure": "Curriculum LO ID,LO ID,Section,Order",
    "equivalencies": "LO ID,Equivalent LO ID,Two Way",
    "transcripts_1": TRANSCRIPT,
    "transcripts_2": TRANSCRIPT,
    "external_training": "User ID,Title,Start Date,Status,Institution,Credits",
    "certifications": "Certification ID,Title,Period,Period Unit,Renewal Window,Renewal Window Unit,Basis,Active",
    "certification_records": "User ID,Certification ID,Period Number,Status,Completion Date,Due Date,Expiration Date",
}
PLACES = (
    ("Spain", "Valencia", "Spanish (Spain)", "Romance Standard Time"),
    ("Germany", "Kassel", "German (Germany)", "W. Europe Standard Time"),
    ("United Kingdom", "Leeds", "English (UK)", "GMT Standard Time"),
    ("United States", "Dayton", "English (US)", "Eastern Standard Time"),
)
DIVISIONS = (("CO", "Example Works", ""), ("D10", "Production", "CO"), ("D20", "Quality", "CO"), ("D21", "Laboratory", "D20"))
POSITIONS = (("P01", "Head of unit", ""), ("P02", "Engineer", "P01"), ("P03", "Analyst", "P01"), ("P04", "Operator", "P02"))
CATALOGUE = (
    ("Online Course", "GMP-101", "Good manufacturing practice", "Quality", "1.0", date(2012, 1, 9)),
    ("Online Course", "GMP-101", "Good manufacturing practice", "Quality", "2.0", date(2020, 6, 1)),
    ("Online Course", "ISO-110", "Passwords & phishing", "Information security", "1.0", date(2012, 1, 9)),
    ("Test", "GMP-101-T", "Test: good manufacturing practice", "Quality", "1.0", date(2012, 1, 9)),
    ("Material", "SOP-014", "Cleaning of vessels (SOP 14)", "Quality", "3", date(2012, 1, 9)),
    ("Material", "SOP-014", "Cleaning of vessels (SOP 14)", "Quality", "4", date(2021, 2, 1)),
    ("Video", "HS-007", "Lifting loads", "Safety", "", date(2012, 1, 9)),
    ("Event", "EV-300", "First aid, one day", "Safety", "", date(2012, 1, 9)),
)


@dataclass
class Company(Files):
    """The reports being made."""

    columns: Mapping[str, str] = field(default_factory=lambda: COLUMNS)
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    hired: dict[str, date] = field(default_factory=dict)
    left: dict[str, date] = field(default_factory=dict)

    def guid(self, first: str = "") -> str:
        """A made-up GUID."""
        digits = first + f"{self.rng.getrandbits(128):032x}"[len(first) :].replace("f", "e", 1)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def objects(self, code: str) -> list[Row]:
        return self.find("training", **{"Training ID": code})


def american(day: date | None, time: str = "") -> str:
    return "" if day is None else f"{day:%m/%d/%Y}{time and ' ' + time}"


def build_company() -> Company:
    """The company before any fault is planted."""
    c = Company()
    for kind, units in (("Division", DIVISIONS), ("Position", POSITIONS)):
        for number, name, above in units:
            unit(c, kind, number, name, above)
    for number, (_, city, *_) in enumerate(PLACES, 1):
        unit(c, "Location", f"L{number:02}", city)
    for kind, code, title, subject, version, start in CATALOGUE:
        learning(c, c.guid("a"), kind, code, title, subject, version, start)
    event = c.objects("EV-300")[0]["LO ID"]
    for number, day in enumerate((date(2019, 5, 7), date(2023, 10, 12)), 1):
        learning(c, c.guid("a"), "Session", f"EV-300-{number}", "First aid, one day", "Safety", "", day, event)
    curriculum = learning(c, c.guid("a"), "Curriculum", "", "Start in production", "", "1.0", date(2012, 1, 9))
    for order, code in enumerate(("GMP-101", "HS-007", "SOP-014"), 1):
        step = {"Curriculum LO ID": curriculum["LO ID"], "LO ID": c.objects(code)[-1]["LO ID"], "Section": "1", "Order": order}
        c.add("curriculum_structure", **step)
    both = {"LO ID": c.objects("SOP-014")[1]["LO ID"], "Equivalent LO ID": c.objects("SOP-014")[0]["LO ID"], "Two Way": "No"}
    c.add("equivalencies", **both)
    for number in range(101, 153):
        _person(c, number, curriculum["LO ID"])
    _certifications(c)
    return c


def unit(c: Company, kind: str, number: str, name: str, above: str = "") -> None:
    c.add("ou", **{"OU Type": kind, "OU ID": number, "OU Name": name, "Parent OU ID": above, "Active": "Yes"})


def learning(c: Company, guid: str, kind: str, code: str, title: str, subject: str = "Quality", version: str = "",
             start: date = date(2012, 1, 9), above: str = "", active: str = "Yes") -> Row:  # fmt: skip
    """A learning object."""
    hours = {"Event": "7.5", "Session": "7.5", "Curriculum": ""}.get(kind, "0.75")
    return c.add("training", **{
        "LO ID": guid, "LO Type": kind, "Training ID": code, "Title": title, "Version": version, "Subject": subject,
        "Effective Date": american(start, "00:00:00"), "Description": f"<p>{title}</p>", "Training Hours": hours,
        "Credits": "6.00" if kind == "Event" else "0.50", "Active": active, "Parent LO ID": above,
    })  # fmt: skip


def someone(c: Company, number: str, **cells: object) -> Row:
    """A person; what is not said is ordinary."""
    country, city, language, zone = PLACES[3]
    ordinary = {
        "User ID": number, "User Name": f"user{number.lower()}", "First Name": "Ines", "Last Name": f"Planted{number}",
        "Email": f"user{number.lower()}@example.org", "Active": "Yes", "Manager ID": "000101", "Division ID": "D10",
        "Position ID": "P04", "Hire Date": "03/12/2018", "Country": country, "City": city, "Language": language,
        "Time Zone": zone,
    }  # fmt: skip
    return c.add("users", **{**ordinary, **{name.replace("_", " "): value for name, value in cells.items()}})


def _person(c: Company, number: int, curriculum: str) -> None:
    rng, own = c.rng, f"{number:06}"
    country, city, language, zone = rng.choice(PLACES)
    hired = date(2013, 1, 7) + timedelta(days=rng.randint(0, 3000))
    left = hired + timedelta(days=rng.randint(500, 1500)) if number % 7 == 0 else None
    boss = "" if number == 101 else "000101" if number < 106 else f"{rng.choice((102, 103, 104)):06}"
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    someone(
        c, own, First_Name=given, Last_Name=family, Active="No" if left else "Yes", Manager_ID=boss,
        Division_ID=rng.choice(("D10", "D20", "D21")), Position_ID="P01" if number < 105 else rng.choice(("P02", "P03", "P04")),
        Hire_Date=american(hired), Termination_Date=american(left), Country=country, City=city, Language=language,
        Time_Zone=zone, Phone=f"555-{number:04}" if rng.random() < 0.3 else "",
    )  # fmt: skip
    c.hired[own], c.left[own] = hired, left or TODAY
    for code in rng.sample(("GMP-101", "ISO-110", "GMP-101-T", "SOP-014", "HS-007", "EV-300-1", "EV-300-2"), 5):
        done = hired + timedelta(days=rng.randint(5, (c.left[own] - hired).days))
        if code.startswith("EV-300-"):
            done = date(2019, 5, 7) if code.endswith("1") else date(2023, 10, 12)
            if not hired < done < c.left[own]:
                continue
        choices = [row for row in c.objects(code) if _start(row) <= done]
        status = "Completed" if rng.random() < 0.85 else rng.choice(("Registered", "In Progress"))
        score = f"{rng.randint(120, 200) / 2:.2f}" if code == "GMP-101-T" else ""
        signer = f"{given} {family}" if code.startswith("SOP") else ""
        transcript(c, own, choices[-1]["LO ID"], status, done, Score=score, Signature=signer)
    if number % 6 == 0:
        transcript(c, own, curriculum, "In Progress", c.left[own] - timedelta(days=30), Due_Date="03/31/2026 23:59:00")
    if number % 9 == 0:
        c.add("external_training", **{"User ID": own, "Title": "Evening class, statistics", "Start Date": "09/15/2019",
                                      "Status": "Completed", "Institution": "Town college", "Credits": "2.00"})  # fmt: skip


def _start(row: Row) -> date:
    month, day, year = row["Effective Date"].split(" ")[0].split("/")
    return date(int(year), int(month), int(day))


def transcript(c: Company, person: str, guid: str, status: str = "Completed", done: date | None = None, **cells: object) -> Row:
    """A transcript in the report of its years; its registration number counts those of the person and object."""
    reports = ("transcripts_1", "transcripts_2")
    number = 1 + sum(len(c.find(report, **{"User ID": person, "LO ID": guid})) for report in reports)
    day = done or date(2023, 3, 15)
    what = c.find("training", **{"LO ID": guid})
    finished = status == "Completed"
    time = f"{c.rng.randint(7, 18):02}:{c.rng.randint(0, 59):02}:{c.rng.randint(0, 59):02}"
    ordinary = {
        "User ID": person, "LO ID": guid, "Registration Number": number, "Status": status,
        "Registration Date": american(day - timedelta(days=c.rng.randint(0, 40)), "08:00:00"),
        "Completion Date": american(day, time) if finished else "", "Credits": what[0]["Credits"] if what and finished else "",
        "Training Hours": what[0]["Training Hours"] if what and finished else "", "Version": what[0]["Version"] if what else "",
        "Archived": "Yes" if day < date(2018, 1, 1) else "No",
    }  # fmt: skip
    given = {name.replace("_", " "): value for name, value in cells.items()}
    row = {**ordinary, **given}
    row["Signature Date"] = row["Completion Date"] if row.get("Signature") else ""
    return c.add("transcripts_2" if day >= RECENT else "transcripts_1", **row)


def _certifications(c: Company) -> None:
    for number, title, period, one, basis in (
        ("FORK", "Fork lift driver", "3", "Years", "Completion Date"),
        ("FIRST-AID", "First aider", "24", "Months", "Completion Date"),
        ("GMP-Q", "Qualified for production", "12", "Months", "Expiration Date"),
    ):
        certification(c, number, title, period, one, basis)
    for own, hired in c.hired.items():
        if int(own) % 3:
            continue
        number, months = c.rng.choice((("FORK", 36), ("FIRST-AID", 24), ("GMP-Q", 12)))
        done, cycle = hired.replace(day=c.rng.randint(1, 28)) + timedelta(days=31), 1
        while done < c.left[own] and cycle < 4:
            done = done.replace(day=min(done.day, 28))
            due = done + timedelta(days=3) if number == "GMP-Q" else None
            due = due and due.replace(day=min(due.day, 28))
            due = due if due is None or due >= done else None
            ends = later(due or done, months)
            record(c, own, number, str(cycle), "Certified" if ends >= TODAY else "Expired", done, due, ends)
            done, cycle = ends - timedelta(days=c.rng.randint(5, 40)), cycle + 1


def later(day: date, months: int) -> date:
    """The same day so many months on; the day has to be there."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, day.day)


def certification(
    c: Company, number: str, title: str, period: str = "3", one: str = "Years", basis: str = "Completion Date"
) -> None:
    c.add("certifications", **{
        "Certification ID": number, "Title": title, "Period": period, "Period Unit": one, "Renewal Window": "60",
        "Renewal Window Unit": "Days", "Basis": basis, "Active": "Yes",
    })  # fmt: skip


def record(
    c: Company, person: str, number: str, cycle: str, status: str, done: date | None, due: date | None, ends: date | None
) -> None:
    c.add("certification_records", **{
        "User ID": person, "Certification ID": number, "Period Number": cycle, "Status": status,
        "Completion Date": american(done, "12:00:00"), "Due Date": american(due), "Expiration Date": american(ends),
    })  # fmt: skip


# Planted faults -------------------------------------------------------------------------------------------------------------


def plant_accounts(c: Company) -> None:
    same = {"First_Name": "Lucía", "Last_Name": "Moreau"}
    someone(c, "000901", **same, Email="lucia.moreau@example.org", Hire_Date="06/01/2020")
    someone(
        c, "C00901", **same, Email="Lucia.Moreau@example.org", Active="No", Hire_Date="02/01/2016", Termination_Date="03/31/2020"
    )
    transcript(c, "C00901", c.objects("HS-007")[0]["LO ID"], done=date(2017, 2, 14))
    for number in ("000902", "000903"):
        someone(c, number, First_Name="Front", Last_Name=f"Desk{number[-1]}", Email="front.desk@example.org")
    for number in ("000904", "904"):
        someone(c, number)
    transcript(c, "904", c.objects("HS-007")[0]["LO ID"], done=date(2021, 2, 14))


def plant_people(c: Company) -> None:
    someone(c, "000905", User_Name="")
    someone(c, "000906", User_Name="Upper.Case")
    someone(c, "000907", User_Name="niamh.o'neill", Last_Name="O'Neill")
    someone(c, "000908", User_Name="twin")
    someone(c, "000909", User_Name="TWIN")
    someone(c, "000910", First_Name=" ")
    someone(c, "000911", Email="", Active="No", Termination_Date="01/31/2020")
    someone(c, "000912", Email="")
    someone(c, "000913", Email="nobody at home")
    someone(c, "000914", Country="Ruritania")
    someone(c, "000915", Language="Esperanto")
    someone(c, "000916", Language="French (Canada)")
    someone(c, "000917", Phone="+1 555 0100 extension 917")
    someone(c, "000918", Active="")
    someone(c, "000919", Hire_Date="23/04/2019")
    someone(c, "000920", Active="No", Hire_Date="05/01/2019", Termination_Date="04/01/2019")
    someone(c, "000921", First_Name="Zoe\u0301", Last_Name="D'Ávila-Nasser, Jr.")
    someone(c, "000922", First_Name="هدى", Last_Name="منصور")


def plant_jobs(c: Company) -> None:
    someone(c, "000931", Division_ID="D99")
    someone(c, "000932", Position_ID="P99")
    someone(c, "000933", Manager_ID="000999")
    someone(c, "000934", Manager_ID="000911")
    someone(c, "000935", Manager_ID="000935")
    someone(c, "000936", Manager_ID="000937")
    someone(c, "000937", Manager_ID="000936")
    someone(c, "000938", Manager_ID="000936")


def plant_units(c: Company) -> None:
    unit(c, "Location", "D10", "A place with the id of a division")
    unit(c, "Division", "D91", " ")
    unit(c, "Division", "D92", "Below nothing", "D98")
    unit(c, "Division", "D93", "Round", "D94")
    unit(c, "Division", "D94", "And round", "D93")
    unit(c, "Position", "P91", "")
    unit(c, "Position", "P92", "Below nothing", "P98")


def plant_training(c: Company) -> None:
    learning(
        c, "f0000001-0000-0000-0000-000000000001", "Online Course", "COURS000123", "Data protection", "Information security", "1"
    )
    learning(
        c, "f0000002-0000-0000-0000-000000000002", "Online Course", "COURS000123", "Data protection", "Information security", "1"
    )
    learning(c, "f0000003-0000-0000-0000-000000000003", "Material", "", "Notice of the works council", "Safety")
    learning(c, "f0000004-0000-0000-0000-000000000004", "Video", "VID-9", " ", "Safety")
    learning(
        c, "f0000005-0000-0000-0000-000000000005", "Video", "VID-10", "Handling of " + "very " * 60 + "long titles", "Safety", "2"
    )
    learning(c, "f0000006-0000-0000-0000-000000000006", "Video", "VID-11", "Juggling", "Circus arts")
    learning(c, "f0000007-0000-0000-0000-000000000007", "Video", "VID-12", "Old & <b>gold</b>", "", active="No")
    learning(c, "f0000008-0000-0000-0000-000000000008", "Session", "EV-900-1", "A session whose event nobody exported", "Safety")
    for number in (1, 3, 7, 8):
        transcript(c, "000102", f"f000000{number}-0000-0000-0000-00000000000{number}", done=date(2023, 5, 16))


def plant_transcripts(c: Company) -> None:
    lift, test = c.objects("HS-007")[0]["LO ID"], c.objects("GMP-101-T")[0]["LO ID"]
    old, new = (row["LO ID"] for row in c.objects("GMP-101"))
    for number, status in ((941, "No Show"), (942, "Withdrawn"), (943, "Exempt"), (944, "Attended")):
        someone(c, f"000{number}")
        transcript(c, f"000{number}", lift, status)
    someone(c, "000945", Hire_Date="01/10/2019", Termination_Date="12/31/2023", Active="No")
    transcript(c, "000945", new, done=date(2023, 3, 15), Score="70", Comments="Second attempt on the same day")
    transcript(c, "000945", new, done=date(2023, 3, 15), Score="90")
    transcript(c, "000945", new, done=date(2023, 4, 3), Version="1.0")
    transcript(c, "000945", old, done=date(2022, 9, 1))
    transcript(c, "000945", lift, Completion_Date="")
    transcript(c, "000945", lift, Completion_Date="01/01/2100 00:00:00")
    transcript(c, "000945", lift, done=date(2018, 6, 30))
    transcript(c, "000945", lift, done=date(2024, 2, 29))
    transcript(c, "000945", test, done=date(2023, 6, 1))
    transcript(c, "000945", test, done=date(2023, 6, 2), Score="105")
    transcript(c, "000945", test, done=date(2023, 6, 3), Score="87,5")
    transcript(c, "000945", test, done=date(2023, 6, 4), Completion_Date="06/04/2023 23:59:59", Score="99.999")
    transcript(c, "946", lift, done=date(2023, 6, 5))
    transcript(c, "000945", c.guid("f"), done=date(2023, 6, 6))
    transcript(c, "000912", lift, done=date(2023, 6, 7))
    transcript(c, "000945", c.objects("SOP-014")[1]["LO ID"], done=date(2023, 6, 8), Signature="Ines Beforehand")


def plant_certifications(c: Company) -> None:
    certification(c, "MOON", "By the moon", one="Moons")
    certification(c, "HIRED", "From the day of hiring", basis="Hire Date")
    certification(c, "L" * 101, "A long id")
    someone(c, "000951")
    day = date(2024, 5, 31)
    for cycle, (number, status, done, due, ends) in enumerate((
        ("FORK", "Revoked", date(2019, 5, 1), None, date(2022, 5, 1)),
        ("FORK", "In Progress", None, date(2026, 5, 1), None),
        ("FORK", "Pending Approval", date(2024, 5, 1), None, date(2027, 5, 1)),
        ("FORK", "Certified", date(2021, 5, 2), None, date(2024, 5, 2)),
        ("FORK", "Certified", date(2024, 5, 3), None, None),
        ("FORK", "Certified", date(2024, 5, 4), None, date(2026, 5, 4)),
        ("FIRST-AID", "Certified", day, None, date(2026, 6, 30)),
        ("FIRST-AID", "Certified", day, None, date(2026, 5, 31)),
        ("FORK", "Certified", None, None, date(2026, 5, 4)),
        ("MOON", "Certified", day, None, date(2027, 5, 31)),
    ), 1):  # fmt: skip
        record(c, "000951", number, str(cycle), status, done, due, ends)


def plant_files(c: Company) -> None:
    row = c.tables["transcripts_1"][0]
    c.raw["transcripts_1"] = [",".join(row.values()).encode() + b"\r\n"]
    row = {**row, "User ID": "000103", "Registration Number": "99", "Comments": "came late, left early"}
    c.raw["transcripts_1"].append(",".join(row.values()).encode() + b"\r\n")
    latin = {
        **c.one("users", **{"User ID": "000101"}),
        "User ID": "000961",
        "Email": "user000961@example.org",
        "Last Name": "Núñez",
    }
    c.raw["users"] = [",".join(latin.values()).encode("cp1252") + b"\r\n"]
    for one in c.tables["users"][:9]:
        one["Badge Color"] = "blue"
    c.extra["requests.csv"] = "Request ID,User ID\r\n1,000102\r\n"


def anywhere(**cells: object) -> Callable[[Company], int]:
    """How many transcripts of either report have these values?"""
    named = {name.replace("_", " "): value for name, value in cells.items()}
    return lambda c: sum(len(c.find(report, **named)) for report in ("transcripts_1", "transcripts_2"))


def some(table: str, **cells: object) -> Callable[[Company], int]:
    """1 where the ordinary company has such rows by nature."""
    return lambda c: int(bool(c.find(table, **{name.replace("_", " "): value for name, value in cells.items()})))


def one(table: str, **cells: object) -> Callable[[Files], int]:
    return count(table, **{name.replace("_", " "): value for name, value in cells.items()})


FAULTS: tuple[Fault[Company], ...] = (
    # -- people
    Fault("Person with two accounts, once a contractor", "users 000901, C00901", "USR-SAME-PERSON",
          one("users", Last_Name="Moreau", First_Name="Lucía", User_ID="C00901"), 1, plant_accounts),
    Fault("Job of the account that was closed", "user C00901", "JOB-FURTHER-ACCOUNT", one("users", User_ID="C00901"), 1,
          plant_accounts),
    Fault("Two people with one address, both in use", "users 000902, 000903", "USR-EMAIL-SHARED",
          one("users", Email="front.desk@example.org"), 2, plant_accounts),
    Fault("User ids 000904 and 904, two people", "users 000904, 904", "-", one("users", User_ID="904"), 1, plant_accounts),
    Fault("No user name", "user 000905", "USR-LOGIN-GENERATED", one("users", User_Name=""), 1, plant_people),
    Fault("User name with capitals", "user 000906", "USR-LOGIN-CASE", one("users", User_Name="Upper.Case"), 1, plant_people),
    Fault("User name with an apostrophe", "user 000907", "USR-LOGIN-CHARACTERS", one("users", User_Name="niamh.o'neill"), 1,
          plant_people),
    Fault("User names that differ in case", "users 000908, 000909", "USR-LOGIN-TAKEN",
          lambda c: sum(r["User Name"].lower() == "twin" for r in c.tables["users"]), 2, plant_people),
    Fault("Given name of blanks", "user 000910", "USR-NAME-BLANK", one("users", First_Name=" "), 1, plant_people),
    Fault("Leaver without an address", "user 000911", "USR-EMAIL-PLACEHOLDER", one("users", Email="", Active="No"), 1,
          plant_people),
    Fault("Person in use without an address", "user 000912", "USR-EMAIL-MISSING", one("users", Email="", Active="Yes"), 1,
          plant_people),
    Fault("Text that is no address", "user 000913", "USR-EMAIL-INVALID", one("users", Email="nobody at home"), 1, plant_people),
    Fault("Country that nobody listed", "user 000914", "USR-COUNTRY-UNKNOWN", one("users", Country="Ruritania"), 1,
          plant_people),
    Fault("Language that nobody listed", "user 000915", "USR-LANGUAGE-UNKNOWN", one("users", Language="Esperanto"), 1,
          plant_people),
    Fault("Language whose counterpart nobody confirmed", "user 000916", "XWALK-PROPOSED",
          one("users", Language="French (Canada)"), 1, plant_people),
    Fault("Telephone of more than 20 characters", "user 000917", "USR-PHONE-LENGTH",
          one("users", Phone="+1 555 0100 extension 917"), 1, plant_people),
    Fault("Nobody says whether the person is in use", "user 000918", "USR-STATUS-BLANK", one("users", Active=""), 1,
          plant_people),
    Fault("Date of another culture, day first", "user 000919", "USR-DATE-UNREADABLE", one("users", Hire_Date="23/04/2019"), 1,
          plant_people),
    Fault("The same date, as the start of the job", "user 000919", "JOB-DATE-UNREADABLE", one("users", User_ID="000919"), 1,
          plant_people),
    Fault("Left before the first day", "user 000920", "USR-DATES", one("users", Termination_Date="04/01/2019"), 1,
          plant_people),
    Fault("Job that ends before it starts", "user 000920", "TOT-JOB-DATES", one("users", User_ID="000920"), 1, plant_people),
    Fault("Combining accent, comma, letters from right to left", "users 000921, 000922", "-",
          lambda c: sum(r["User ID"] in ("000921", "000922") for r in c.tables["users"]), 2, plant_people),
    # -- jobs and units
    Fault("Division that is not in the report", "user 000931", "JOB-DIVISION-UNKNOWN", one("users", Division_ID="D99"), 1,
          plant_jobs),
    Fault("Position that is not in the report", "user 000932", "JOB-POSITION-UNKNOWN", one("users", Position_ID="P99"), 1,
          plant_jobs),
    Fault("Manager who is not in the report", "user 000933", "JOB-MANAGER-UNKNOWN", one("users", Manager_ID="000999"), 1,
          plant_jobs),
    Fault("Manager who has left", "user 000934", "JOB-MANAGER-LEFT", one("users", Manager_ID="000911"), 1, plant_jobs),
    Fault("Person who is their own manager", "user 000935", "JOB-MANAGER-SELF", one("users", Manager_ID="000935"), 1,
          plant_jobs),
    Fault("Two people who manage each other", "users 000936, 000937", "TOT-JOB-CIRCLE", one("users", Manager_ID="000937"), 1,
          plant_jobs),
    Fault("Job under one that does not load", "user 000938", "TOT-JOB-MANAGER-WITHOUT-JOB", one("users", User_ID="000938"), 1,
          plant_jobs),
    Fault("Locations", "ou.csv, L01 to L04", "ORG-OTHER-KIND", some("ou", OU_Type="Location"), 1),
    Fault("Location with the id of a division", "Location D10", "-", one("ou", OU_Type="Location", OU_ID="D10"), 1,
          plant_units),
    Fault("Division without a name", "D91", "ORG-NAME-BLANK", one("ou", OU_ID="D91"), 1, plant_units),
    Fault("Division below one that is not there", "D92", "ORG-PARENT-UNKNOWN", one("ou", Parent_OU_ID="D98"), 1, plant_units),
    Fault("Two divisions below each other", "D93, D94", "TOT-ORG-CIRCLE", one("ou", Parent_OU_ID="D94"), 1, plant_units),
    Fault("Position without a name", "P91", "POS-NAME-BLANK", one("ou", OU_ID="P91"), 1, plant_units),
    Fault("Position below one that is not there", "P92", "POS-PARENT-UNKNOWN", one("ou", Parent_OU_ID="P98"), 1, plant_units),
    # -- learning objects
    Fault("Session", "EV-300-1, EV-300-2", "CRS-SESSION", some("training", LO_Type="Session"), 1),
    Fault("Curriculum", "Start in production", "CRS-CURRICULUM", some("training", LO_Type="Curriculum"), 1),
    Fault("Two learning objects with one id, from a portal that once was another product", "COURS000123", "CRS-CODE-TWICE",
          one("training", Training_ID="COURS000123"), 2, plant_training),
    Fault("Learning object without an id of its own", "LO f0000003", "CRS-CODE-MISSING",
          one("training", Title="Notice of the works council"), 1, plant_training),
    Fault("Title of blanks", "VID-9", "CRS-TITLE-BLANK", one("training", Title=" "), 1, plant_training),
    Fault("Title of more than 254 characters", "VID-10", "CRS-TITLE-LENGTH",
          lambda c: sum(len(r["Title"]) > 254 for r in c.tables["training"]), 1, plant_training),
    Fault("Subject that nobody listed", "VID-11", "CRS-SUBJECT-UNKNOWN", one("training", Subject="Circus arts"), 1,
          plant_training),
    Fault("Retired learning object with markup in its title", "VID-12", "-", one("training", Active="No"), 1, plant_training),
    # -- transcripts
    Fault("Session whose event is not in the report", "user 000102, EV-900-1", "CMP-NO-COURSE",
          one("training", Training_ID="EV-900-1"), 1, plant_training),
    Fault("Curriculum that somebody takes", "every sixth person", "CMP-CURRICULUM",
          lambda c: int(anywhere(Due_Date="03/31/2026 23:59:00")(c) > 0), 1),
    Fault("Registered or in progress", "the ordinary company", "CMP-OPEN", lambda c: int(anywhere(Status="In Progress")(c) > 0),
          1),
    Fault("Did not come", "user 000941", "CMP-FAILED", anywhere(Status="No Show"), 1, plant_transcripts),
    Fault("Withdrawn", "user 000942", "CMP-WITHDRAWN", anywhere(Status="Withdrawn"), 1, plant_transcripts),
    Fault("Exempt", "user 000943", "CMP-EXEMPT", anywhere(Status="Exempt"), 1, plant_transcripts),
    Fault("Status that nobody knows", "user 000944", "CMP-STATUS-UNKNOWN", anywhere(Status="Attended"), 1, plant_transcripts),
    Fault("One version completed twice on one day", "user 000945, GMP-101", "CMP-SAME-TWICE", anywhere(Score="70"), 1,
          plant_transcripts),
    Fault("Transcript that names another version than its learning object", "user 000945, GMP-101", "CMP-VERSION-DIFFERS",
          lambda c: anywhere(LO_ID=c.objects("GMP-101")[1]["LO ID"], Version="1.0")(c),
          1, plant_transcripts),
    Fault("Version that had been replaced", "user 000945, GMP-101 in 2022", "CMP-VERSION-NOT-IN-FORCE",
          lambda c: sum(r["LO ID"] == c.objects("GMP-101")[0]["LO ID"] for r in c.tables["transcripts_2"]), 1,
          plant_transcripts),
    Fault("Completed without a date", "user 000945, HS-007", "CMP-DATE-BLANK", anywhere(Status="Completed", Completion_Date=""),
          1, plant_transcripts),
    Fault("Completed in the year 2100", "user 000945, HS-007", "CMP-FUTURE", anywhere(Completion_Date="01/01/2100 00:00:00"), 1,
          plant_transcripts),
    Fault("Completed before the person was hired", "user 000945, HS-007 in 2018", "CMP-BEFORE-HIRE",
          lambda c: sum(r["User ID"] == "000945" for r in c.tables["transcripts_1"]), 1, plant_transcripts),
    Fault("Completed after the person had left", "user 000945, HS-007 in 2024", "CMP-AFTER-LEAVING",
          lambda c: sum(r["User ID"] == "000945" and "/2024" in r["Completion Date"] for r in c.tables["transcripts_2"]), 1,
          plant_transcripts),
    Fault("Test passed without a score", "user 000945", "CMP-SCORE-BLANK",
          lambda c: anywhere(LO_ID=c.objects("GMP-101-T")[0]["LO ID"], Status="Completed", Score="")(c),
          1, plant_transcripts),
    Fault("Score above 100", "user 000945", "CMP-SCORE-RANGE", anywhere(Score="105"), 1, plant_transcripts),
    Fault("Score with a comma", "user 000945", "SRC-TYPE", anywhere(Score="87,5"), 1, plant_transcripts),
    Fault("Completed a second before midnight, with a score of 99.999", "user 000945", "-", anywhere(Score="99.999"), 1,
          plant_transcripts),
    Fault("User id that lost its zeros in a spreadsheet; learning object that is not in the report", "user 946; user 000945",
          "REF-ORPHAN", anywhere(User_ID="946"), 1, plant_transcripts),
    Fault("Transcripts and jobs of people and courses who wait", "user 000912, COURS000123", "REF-BLOCKED",
          anywhere(User_ID="000912"), 1, plant_transcripts),
    Fault("Signed with the name of that day", "user 000945, SOP-014", "-", anywhere(Signature="Ines Beforehand"), 1,
          plant_transcripts),
    # -- certifications
    Fault("Period in a unit that Totara does not know", "MOON", "CRT-DEF-PERIOD",
          one("certifications", Certification_ID="MOON"), 1, plant_certifications),
    Fault("Period that counts from the day of hiring", "HIRED", "CRT-DEF-BASIS", one("certifications", Basis="Hire Date"), 1,
          plant_certifications),
    Fault("Id of 101 characters", "LLL...", "CRT-DEF-CODE",
          lambda c: sum(len(r["Certification ID"]) > 100 for r in c.tables["certifications"]), 1, plant_certifications),
    Fault("Revoked", "user 000951, cycle 1", "CRT-REVOKED", one("certification_records", Status="Revoked"), 1,
          plant_certifications),
    Fault("Assigned, with a due date", "user 000951, cycle 2", "CRT-OPEN", one("certification_records", Status="In Progress"),
          1, plant_certifications),
    Fault("Status that nobody knows", "user 000951, cycle 3", "CRT-STATUS-UNKNOWN",
          one("certification_records", Status="Pending Approval"), 1, plant_certifications),
    Fault("Certified, and expired by now", "user 000951, cycle 4", "CRT-STATUS-EXPIRED",
          one("certification_records", Expiration_Date="05/02/2024"), 1, plant_certifications),
    Fault("Certified without an expiry", "user 000951, cycle 5", "CRT-EXPIRY-BLANK",
          one("certification_records", User_ID="000951", Status="Certified", Expiration_Date=""), 1, plant_certifications),
    Fault("Granted for two years of three", "user 000951, cycle 6", "CRT-EXPIRY-LATER",
          one("certification_records", User_ID="000951", Completion_Date="05/04/2024 12:00:00"), 1, plant_certifications),
    Fault("Granted to the end of the month", "user 000951, cycle 7", "CRT-EXPIRY-EARLIER",
          one("certification_records", Expiration_Date="06/30/2026"), 1, plant_certifications),
    Fault("One certification twice on one day", "user 000951, cycle 8", "CRT-SAME-TWICE",
          one("certification_records", Completion_Date="05/31/2024 12:00:00", Certification_ID="FIRST-AID"), 2,
          plant_certifications),
    Fault("Certified without a date", "user 000951, cycle 9", "CRT-DATE-BLANK",
          one("certification_records", Completion_Date="", Status="Certified"), 1, plant_certifications),
    # -- files
    Fault("Transcript twice in the report", "the first row of transcripts_1.csv", "SRC-KEY-DUPLICATE",
          lambda c: int(bool(c.raw)), 1, plant_files),
    Fault("Comma in a comment without quotes", "user 000103, registration 99", "SRC-SHAPE",
          lambda c: len(c.raw.get("transcripts_1", ())) - 1 if c.raw else 0, 1, plant_files),
    Fault("Bytes that are not UTF-8", "user 000961", "SRC-ENCODING", lambda c: len(c.raw.get("users", ())), 1, plant_files),
    Fault("Column that the contract does not know (Badge Color)", "users.csv, 9 rows", "SRC-UNKNOWN-COLUMN",
          lambda c: sum("Badge Color" in r for r in c.tables["users"]), 9, plant_files),
    Fault("Another report in the folder", "requests", "LOSS-UNDECLARED", lambda c: len(c.extra), 1, plant_files),
)  # fmt: skip


def fault_table() -> str:
    """The list for people, as Markdown."""
    return planted.fault_table(FAULTS, "the Cornerstone sample", "a run to Totara")


def build() -> Company:
    """The ordinary company with every fault planted."""
    return plant_all(build_company(), FAULTS)


def generate(directory: Path) -> None:
    """Write the reports into ``directory``, which is made when it is not there."""
    write_files(directory, build(), encoding="utf-8-sig")


if __name__ == "__main__":
    sys.exit(planted.command_line(generate, {"list": fault_table}, "Cornerstone sample"))
