"""Writes the training history of a company that does not exist, the way an old LMS exports it.

    python sample_data/generate_legacy_history.py DIR

The same bytes every time: fixed seed, no clock, standard library only. Most records are clean. The faults are planted
by the functions named ``plant_*``; ``legacy_history.md`` lists each kind with the code it has to raise, and a test
compares that list with a run. People are made from lists of given names and family names, their mail domain is
example.org.
"""

from __future__ import annotations

import calendar
import csv
import io
import random
import sys
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

SEED = 20250131
EXPORT_DAY = date(2025, 1, 31)
YEARS = range(2019, 2025)
PEOPLE, COMPLETIONS, AWARDS = 400, 6000, 900

Row = dict[str, str]

# Given and family names by script; in scripts that the persons report cannot write, "Latin=own script".
NAMES: dict[str, tuple[str, str]] = {
    "Latn": (
        "Ada Amélie Astrid Bruno Camila Chloé Diego Eleni Femi Freya Gaël Inès Ingrid Jörg Kofi Leïla Lucía Mário "
        "Māra Niamh Noémie Olivia Pål Ramón Sören Teresa Ugo Vera Wanjiru Zoë",
        "Adeyemi Álvarez Bergström Castellà Dubois Fernández Göransson Häusler Ibáñez Jansen Keßler Lindqvist Moreau "
        "Nkrumah Núñez O'Connor Ødegård Pereira Quintana Rønning Sørensen Tavares Ünal Vögel Wójcik Young",
    ),
    "Arab": ("Noor=نور Samir=سمير Huda=هدى Karim=كريم Rania=رانيا", "Haddad=حداد Mansour=منصور Nasser=ناصر Saleh=صالح"),
    "Cyrl": (
        "Olga=Ольга Ivan=Иван Darya=Дарья Pavel=Павел",
        "Petrova=Петрова Sokolov=Соколов Orlov=Орлов Lebed=Лебедь",
    ),
    "Deva": ("Asha=आशा Ravi=रवि Meera=मीरा Arjun=अर्जुन", "Sharma=शर्मा Rao=राव Joshi=जोशी Patel=पटेल"),
    "Ethi": ("Abeba=አበባ Dawit=ዳዊት Sara=ሳራ", "Tesfaye=ተስፋዬ Bekele=በቀለ Alemu=ዓለሙ"),
    "Geor": ("Nino=ნინო Giorgi=გიორგი Tamar=თამარ", "Beridze=ბერიძე Kapanadze=კაპანაძე"),
    "Grek": ("Eleni=Ελένη Nikos=Νίκος Maria=Μαρία", "Pappas=Παππάς Markou=Μάρκου Vlachos=Βλάχος"),
    "Hang": ("Minjun=민준 Seoyeon=서연 Jiwoo=지우", "Kim=김 Lee=이 Choi=최"),
    "Hans": ("Li=丽 Wei=伟 Jing=静 Hao=浩", "Wang=王 Chen=陈 Zhao=赵 Lin=林"),
    "Hebr": ("Dana=דנה Eitan=איתן Noa=נועה", "Levi=לוי Mizrahi=מזרחי Peretz=פרץ"),
    "Jpan": ("Yuki=由紀 Haruto=陽翔 Sakura=さくら", "Sato=佐藤 Tanaka=田中 Mori=森"),
    "Thai": ("Anong=อนงค์ Somchai=สมชาย Malee=มาลี", "Srisuk=ศรีสุข Chaiyo=ไชโย"),
}
LATIN_SHARE = 0.55
COUNTRIES = (
    ("DE", "München", "DE", "+49 89 "), ("GB", "Leeds", "EN", "+44 113 "), ("FR", "Lyon", "FR", "+33 4 "),
    ("ES", "Sevilla", "ES", "+34 95 "), ("IT", "Torino", "IT", "+39 011 "), ("PT", "Porto", "PT", "+351 22 "),
    ("IE", "Cork", "EN", "+353 21 "), ("US", "Durham", "EN", "+1 919 "),
)  # fmt: skip
DIVISIONS = ("Operations", "Quality", "Research", "Services")
DEPARTMENTS = ("Filling", "Packaging", "Laboratory", "Warehouse", "Engineering")
POSITIONS = ("Operator", "Technician", "Analyst", "Engineer", "Specialist", "Coordinator", "Team lead", "Scientist")
CATALOGUE = (
    ("GMP", "Good practice", 9, ("Clean room behaviour", "Gowning", "Batch records", "Line clearance", "Deviations",
     "Environmental monitoring", "Aseptic technique", "Cleaning validation", "Data integrity")),
    ("QA", "Quality", 5, ("Change control", "Root cause analysis", "Complaints", "Supplier audits", "Internal audits")),
    ("HS", "Health and safety", 7, ("Fire wardens", "Manual handling", "Fork lift theory", "Lock-out", "Ladders",
     "First aid", "Hazardous substances")),
    ("IT", "Information security", 4, ("Phishing", "Passwords", "Mobile devices", "Classified data")),
    ("LAW", "Law and ethics", 4, ("Code of conduct", "Bribery", "Data protection", "Competition law")),
    ("SK", "Skills", 4, ("Giving feedback", "Project basics", "Spreadsheets", "Presenting")),
)  # fmt: skip
CERTIFICATIONS = (
    ("GMP-Q", "GMP qualification", 12, "M", 2, "M", "EXPIRY", "21 CFR 211.25"),
    ("ASEPT", "Aseptic operator", 6, "M", 4, "W", "COMPLETION", "Annex 1"),
    ("FORK", "Fork lift driver", 3, "Y", 90, "D", "COMPLETION", "1910.178"),
    ("FIRST-AID", "First aider", 2, "Y", 90, "D", "EXPIRY", ""),
    ("LOTO", "Lock-out authorised", 1, "Y", 30, "D", "COMPLETION", "1910.147"),
    ("AUDIT", "Lead auditor", 3, "Y", 6, "M", "COMPLETION", ""),
    ("HAZ", "Hazardous substances", 52, "W", 6, "W", "COMPLETION", ""),
    ("PRESS", "Pressure vessels", 18, "M", 2, "M", "COMPLETION", ""),
)

# File, header, encoding, delimiter, line end. Every report of the old system had its own idea.
FILES: dict[str, tuple[tuple[str, ...], str, str, str]] = {
    "manifest.csv": (("Item", "Value"), "utf-8", ",", "\n"),
    "persons.csv": (
        ("Emp ID", "Login", "First Name", "Last Name", "E-Mail", "Hire Date", "Leave Date", "Emp Status", "Country",
         "City", "Language", "Auth Source", "Phone", "Previous Emp ID", "National ID", "Last Changed"),
        "cp1252", ";", "\r\n"),
    "person_names.csv": (("Emp ID", "Given Name Local", "Family Name Local", "Script"), "utf-8", "\t", "\n"),
    "organisations.csv": (
        ("Org Code", "Name", "Parent Org", "Org Type", "Cost Centre", "Closed On"), "utf-8", ",", "\n"),
    "positions.csv": (("Pos Code", "Title", "Parent Pos", "Grade Band"), "cp1252", ";", "\r\n"),
    "job_assignments.csv": (
        ("Job ID", "Emp ID", "Job Title", "Org Code", "Pos Code", "Manager Emp ID", "Start Date", "End Date"),
        "cp1252", "|", "\r\n"),
    "course_versions.csv": (
        ("Course Code", "Version", "Title", "Category", "Effective From", "Superseded On", "Max Score", "Pass Mark",
         "Credit Hours", "Credit Type", "Delivery", "Retention Class"),
        "cp1252", ";", "\r\n"),
    "certifications.csv": (
        ("Cert Code", "Title", "Period", "Period Unit", "Renewal Window", "Renewal Window Unit", "Basis", "Regulation"),
        "utf-8", ",", "\n"),
    "certification_awards.csv": (
        ("Award No", "Emp ID", "Cert Code", "Cycle", "Completed", "Due", "Expires", "Status", "Certificate No"),
        "utf-8", ";", "\n"),
    "enrolments_open.csv": (
        ("Emp ID", "Course Code", "Version", "Enrolled On", "Due Date", "Progress Pct", "Bookmark"),
        "utf-8", ",", "\n"),
}  # fmt: skip
COMPLETION_HEADER = (
    "Transcript No", "Emp ID", "Employee Name", "Course Code", "Version", "Completion Date", "Status", "Score",
    "Credit Hours", "Credit Type", "E-Sig Name", "E-Sig Meaning", "E-Sig Time", "Recorded By", "Recorded On",
    "Instructor", "Location", "Comments",
)  # fmt: skip
for _year in YEARS:
    FILES[f"completions_{_year}.csv"] = (COMPLETION_HEADER, "utf-8-sig", ";", "\r\n")


@dataclass
class Person:
    emp_id: str
    given: str
    family: str
    given_local: str
    family_local: str
    script: str
    hired: date
    left: date | None
    row: Row = field(default_factory=dict)


@dataclass
class Version:
    code: str
    version: str
    starts: date
    ends: date | None
    max_score: int | None
    pass_mark: int | None
    hours: str
    kind: str
    row: Row = field(default_factory=dict)


@dataclass
class History:
    """The tables being made. ``raw`` holds whole lines that no writer would produce: ``{file: [bytes]}``."""

    rng: random.Random
    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in FILES})
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    staff: list[Person] = field(default_factory=list)
    """People without a planted fault who are still employed, hired before the first year; some of them manage."""
    manual: int = 0

    def completions(self, year: int) -> list[Row]:
        return self.tables[f"completions_{year}.csv"]


def generate(directory: Path) -> None:
    """Write every file into ``directory``, which is made when it is not there."""
    history = History(random.Random(SEED))
    make_organisations(history)
    make_people(history)
    plant_people(history)
    make_jobs(history)
    plant_jobs(history)
    make_catalogue(history)
    plant_catalogue(history)
    make_completions(history)
    plant_completions(history)
    make_awards(history)
    plant_awards(history)
    make_enrolments(history)
    history.tables["manifest.csv"] = [
        {"Item": "system", "Value": "Legacy LMS"},
        {"Item": "version", "Value": "9.4"},
        {"Item": "export_date", "Value": EXPORT_DAY.isoformat()},
        {"Item": "time_zone", "Value": "Europe/Berlin"},
    ]
    write(history, directory)


# Clean records -------------------------------------------------------------------------------------------------------


def make_organisations(history: History) -> None:
    """One company, four divisions, departments below them, one of them closed; and the positions."""
    rows = history.tables["organisations.csv"]

    def add(code: str, name: str, parent: str, kind: str, closed: str = "") -> None:
        centre = f"{4000 + len(rows) * 10}" if kind == "Department" else ""
        rows.append({"Org Code": code, "Name": name, "Parent Org": parent, "Org Type": kind, "Cost Centre": centre,
                     "Closed On": closed})  # fmt: skip

    add("C1", "Example Company", "", "Company")
    for number, division in enumerate(DIVISIONS, start=1):
        add(f"D{number}", division, "C1", "Division")
        for place, department in enumerate(DEPARTMENTS, start=1):
            closed = "2022-06-30" if (number, place) == (4, 5) else ""
            add(f"D{number}{place}", f"{department} {division}", f"D{number}", "Department", closed)
    # The department above this one was never exported.
    add("D91", "Archive room", "D9", "Department")
    positions = history.tables["positions.csv"]
    positions.append({"Pos Code": "P00", "Title": "Head of unit", "Parent Pos": "", "Grade Band": "E"})
    for number, title in enumerate(POSITIONS, start=1):
        positions.append({"Pos Code": f"P{number:02}", "Title": title, "Parent Pos": "P00",
                          "Grade Band": "ABCD"[number % 4]})  # fmt: skip
    positions.append({"Pos Code": "P88", "Title": "Visiting fellow", "Parent Pos": "P80", "Grade Band": ""})


def make_people(history: History) -> None:
    """Employees and leavers with sign-in names, and their names in their own script."""
    number = 100
    taken: set[str] = set()
    for _ in range(PEOPLE):
        number += history.rng.randint(1, 3)
        person = new_person(history, f"{number:06}", taken)
        if person.left is None and person.hired.year < YEARS[0]:
            history.staff.append(person)


def new_person(history: History, emp_id: str, taken: set[str] | None = None, hired: date | None = None) -> Person:
    """Make a person with a row in persons.csv, and in person_names.csv where the script is not Latin."""
    rng = history.rng
    script = "Latn" if rng.random() < LATIN_SHARE else rng.choice(sorted(set(NAMES) - {"Latn"}))
    given, given_local = _name(rng, NAMES[script][0])
    family, family_local = _name(rng, NAMES[script][1])
    random_day = date(2004, 1, 1) + timedelta(days=rng.randrange(365 * 20))
    hired = hired or random_day
    left = None
    if rng.random() < 0.16 and hired < date(2022, 1, 1):
        first = max(hired, date(2017, 1, 1)) + timedelta(days=200)
        left = first + timedelta(days=rng.randrange(max((EXPORT_DAY - first).days, 1)))
    person = Person(emp_id, given, family, given_local, family_local, script, hired, left)
    login = _ascii(f"{given}.{family}").lower()
    if taken is not None:
        plain, suffix = login, 2
        while login in taken:
            login, suffix = f"{plain}{suffix}", suffix + 1
        taken.add(login)
    else:
        login = f"{login}.{int(emp_id) if emp_id.isdigit() else emp_id.lower()}"
    country, city, language, dial = rng.choice(COUNTRIES)
    signs_in = rng.choices(("SSO", "LDAP", "LOCAL"), (8, 3, 1))[0]
    changed = rng.randrange(900)
    person.row = {
        "Emp ID": emp_id, "Login": login, "First Name": _cp1252(given), "Last Name": _cp1252(family),
        "E-Mail": f"{login}@example.org", "Hire Date": _british(hired), "Leave Date": _british(left),
        "Emp Status": "Leaver" if left else ("LOA" if rng.random() < 0.02 else "Active"),
        "Country": "UK" if country == "GB" else country, "City": city, "Language": language, "Auth Source": signs_in,
        "Phone": f"{dial}{rng.randrange(100, 999)} {rng.randrange(1000, 9999)}" if rng.random() < 0.7 else "",
        "Previous Emp ID": "", "National ID": f"X{rng.randrange(10**8):08}",
        "Last Changed": _british(EXPORT_DAY - timedelta(days=changed)),
    }  # fmt: skip
    history.people.append(person)
    history.tables["persons.csv"].append(person.row)
    if script != "Latn" or _cp1252(given + family) != given + family:
        history.tables["person_names.csv"].append(
            {"Emp ID": emp_id, "Given Name Local": given_local, "Family Name Local": family_local, "Script": script}
        )
    return person


def make_jobs(history: History) -> None:
    """A head for every organisation, everybody else under a head; some people had an earlier job."""
    rows = history.tables["job_assignments.csv"]
    open_units = [o for o in history.tables["organisations.csv"] if not o["Closed On"] and o["Org Code"] != "D91"]
    heads = dict(zip((o["Org Code"] for o in open_units), history.staff, strict=False))
    above = {o["Org Code"]: o["Parent Org"] for o in open_units}
    for person in history.people:
        if not person.row or person.emp_id.startswith("TEST"):
            continue
        unit = next((code for code, head in heads.items() if head is person), None)
        if unit is not None:
            manager, position = heads.get(above[unit]), "P00"
        else:
            unit = history.rng.choice([code for code in heads if len(code) == 3])
            manager, position = heads[unit], f"P{history.rng.randint(1, len(POSITIONS)):02}"
        start = person.hired
        long_here = position != "P00" and person.left is None and start < date(2019, 8, 1)
        if long_here and history.rng.random() < 0.2:
            moved = start + timedelta(days=history.rng.randrange(400, 1500))
            old_unit = "D45" if history.rng.random() < 0.3 else history.rng.choice([c for c in heads if len(c) == 3])
            _add_job(rows, person, old_unit, "P01", heads.get(old_unit), start, moved - timedelta(days=1))
            start = moved
        _add_job(rows, person, unit, position, manager, start, person.left)


def make_catalogue(history: History) -> None:
    """Courses with up to three versions each, 60 in all; about two thirds end with an assessment."""
    rng = history.rng
    for prefix, category, count, titles in CATALOGUE:
        for number in range(count):
            code, title = f"{prefix}-{101 + number}", titles[number]
            versions = rng.choices((1, 2, 3), (5, 5, 3))[0]
            assessed = rng.random() < 0.7
            scale = rng.choice((100, 100, 100, 50, 20)) if assessed else None
            kind = rng.choice(("CPE", "CEU", "CH", "CH"))
            starts = date(2014, 1, 1) + timedelta(days=rng.randrange(300))
            for edition in range(1, versions + 1):
                last = edition == versions
                following = starts + timedelta(days=rng.randrange(700, 1700))
                last = last or following > date(2024, 6, 30)
                made = Version(
                    code, f"{edition}.0", starts, None if last else following - timedelta(days=1), scale,
                    int(scale * rng.choice((0.7, 0.8, 0.9))) if scale else None,
                    rng.choice(("0,5", "1", "1,5", "2", "7,5")), kind,
                )  # fmt: skip
                _add_version(history, made, title, category, "Classroom" if prefix in ("HS", "SK") else (
                    "Online" if assessed else "Read and understand"))  # fmt: skip
                if last:
                    break
                starts = following


def make_completions(history: History) -> None:
    """About 1,000 rows a year: mostly passes, some failed attempts, a few other endings."""
    rng = history.rng
    seen: set[tuple[str, str, str, date]] = set()
    made: list[tuple[date, Row]] = []
    first, last = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
    usable = [v for v in history.versions if v.code not in ("MX-101", "SK-190")]
    while len(made) < COMPLETIONS:
        person, version = rng.choice(history.people), rng.choice(usable)
        begin, end = max(first, person.hired, version.starts), min(last, person.left or last, version.ends or last)
        if begin >= end:
            continue
        day = begin + timedelta(days=rng.randrange((end - begin).days + 1))
        if day.weekday() > 4 or (person.emp_id, version.code, version.version, day) in seen:
            continue
        seen.add((person.emp_id, version.code, version.version, day))
        made.append((day, completion(history, person, version, day)))
    made.sort(key=lambda pair: pair[0])
    for number, (day, row) in enumerate(made, start=1):
        row["Transcript No"] = f"T{number:07}"
        history.completions(day.year).append(row)


def completion(history: History, person: Person, version: Version, day: date, **changes: str) -> Row:
    """One row as the LMS writes it; ``changes`` (keys with _ for blanks and -) replace cells."""
    rng = history.rng
    score = ""
    if version.max_score and version.pass_mark is not None:
        status = rng.choices(("Passed", "Failed", "No Show", "Withdrawn"), (90, 8, 1, 1))[0]
        low, high = (version.pass_mark, version.max_score) if status == "Passed" else (0, version.pass_mark - 1)
        if status in ("Passed", "Failed"):
            points = rng.randint(low, high)
            half = 0.5 if points < high and version.max_score == 100 and rng.random() < 0.3 else 0
            score = f"{points + half:g}".replace(".", ",")
    else:
        status = rng.choices(("Completed", "No Show", "Withdrawn", "Waived"), (95, 2, 2, 1))[0]
    done = status in ("Passed", "Completed")
    dotted = day.year <= 2020 and rng.random() < 0.12
    signed = done and version.code[:3] in ("GMP", "QA-")
    row = {
        "Transcript No": "", "Emp ID": person.emp_id, "Employee Name": f"{person.given_local} {person.family_local}",
        "Course Code": version.code, "Version": version.version,
        "Completion Date": day.strftime("%d.%m.%Y") if dotted else day.isoformat(), "Status": status, "Score": score,
        "Credit Hours": version.hours if done else "", "Credit Type": version.kind if done else "",
        "E-Sig Name": f"{person.given_local} {person.family_local}" if signed else "",
        "E-Sig Meaning": "I have read and understood" if signed else "",
        "E-Sig Time": f"{day.isoformat()} {rng.randint(7, 17):02}:{rng.randrange(60):02}" if signed else "",
        "Recorded By": "system" if version.row["Delivery"] != "Classroom" else rng.choice(("trainer1", "trainer2")),
        "Recorded On": (day + timedelta(days=rng.choice((0, 0, 0, 1, 3)))).isoformat(),
        "Instructor": "", "Location": "", "Comments": "",
    }  # fmt: skip
    if version.row["Delivery"] == "Classroom":
        row["Instructor"] = rng.choice(("Trainer Ødegård", "Trainer Okafor"))
        row["Location"] = rng.choice(("Room 1; ground floor", "Training centre", "Hall B"))
        if rng.random() < 0.01:
            row["Comments"] = 'Came late,\nsaid "traffic"'
    for name, value in changes.items():
        row[next(h for h in COMPLETION_HEADER if h.lower().replace(" ", "_").replace("-", "_") == name)] = value
    return row


def make_awards(history: History) -> None:
    """Cycle after cycle of certifications, until there are enough; expiry as the old system granted it."""
    rng = history.rng
    history.tables["certifications.csv"] = [
        dict(zip(FILES["certifications.csv"][0], map(str, c), strict=True)) for c in CERTIFICATIONS
    ]
    rows = history.tables["certification_awards.csv"]
    pairs = [(p, c) for p in history.people if p.row for c in CERTIFICATIONS]
    rng.shuffle(pairs)
    for person, certification in pairs:
        if len(rows) >= AWARDS:
            break
        begin = max(person.hired, date(2018, 1, 1)) + timedelta(days=rng.randrange(60, 700))
        end = person.left or EXPORT_DAY
        cycle, done, due = 1, begin, None
        cycles: list[Row] = []
        while done < end and len(cycles) < 6:
            expires = _old_expiry(certification, cycle, done, due)
            cycles.append({
                "Award No": "", "Emp ID": person.emp_id, "Cert Code": certification[0], "Cycle": str(cycle),
                "Completed": done.isoformat(), "Due": due.isoformat() if due else "", "Expires": expires.isoformat(),
                "Status": "Renewed", "Certificate No": f"C-{rng.randrange(16**6):06X}",
            })  # fmt: skip
            if rng.random() < 0.12:
                break
            due = expires
            early = rng.randrange(0, 25) if rng.random() < 0.9 else -rng.randrange(1, 60)
            cycle, done = cycle + 1, expires - timedelta(days=early)
        if cycles:
            expired = date.fromisoformat(cycles[-1]["Expires"]) < EXPORT_DAY
            cycles[-1]["Status"] = "Expired" if expired else "Active"
        rows.extend(cycles)
    for number, row in enumerate(rows, start=1):
        row["Award No"] = f"A{number:06}"


def make_enrolments(history: History) -> None:
    """Courses begun and not finished on the day of the export."""
    rng = history.rng
    current = [v for v in history.versions if v.ends is None]
    for person in rng.sample(history.staff, 60):
        version = rng.choice(current)
        begun = EXPORT_DAY - timedelta(days=rng.randrange(5, 200))
        history.tables["enrolments_open.csv"].append({
            "Emp ID": person.emp_id, "Course Code": version.code, "Version": version.version,
            "Enrolled On": begun.isoformat(), "Due Date": (begun + timedelta(days=270)).isoformat(),
            "Progress Pct": str(rng.randrange(5, 95)), "Bookmark": f"page={rng.randrange(2, 40)}",
        })  # fmt: skip


# Planted faults ------------------------------------------------------------------------------------------------------


def plant_people(history: History) -> None:
    """Employees 001001 to 001030 and the test accounts: one fault each, otherwise people like everybody else."""
    old = date(2016, 3, 1)

    def person(emp_id: str, given: str, family: str, **changes: str) -> Person:
        made = new_person(history, emp_id, hired=old)
        made.left = None
        login = _ascii(f"{given}.{family}").lower()
        made.row.update({
            "First Name": given, "Last Name": family, "Login": login, "E-Mail": f"{login}@example.org",
            "Leave Date": "", "Emp Status": "Active", "Auth Source": "SSO",
        })  # fmt: skip
        _forget_local_name(history, emp_id)
        made.given_local, made.family_local = given, family
        made.row.update({key.replace("_", " ").replace("E Mail", "E-Mail"): v for key, v in changes.items()})
        return made

    person("001001", "JosÃ©", "MuÃ±oz", Login="jose.munoz", E_Mail="jose.munoz@example.org")
    person("001002", "?ukasz", "D?browski", Login="lukasz.dabrowski", E_Mail="lukasz.dabrowski@example.org")
    _local_name(history, "001002", "Łukasz", "Dąbrowski", "Latn")
    person("001003", "Eduardo", 'Ramírez; "Lalo"', Login="eduardo.ramirez", E_Mail="eduardo.ramirez@example.org")
    person("001004", "Dee", "=cmd|' /C calc'!A0", Login="dee.four", E_Mail="dee.four@example.org")
    person("001005", "Dana", "Levi", Login="dana.levi.1005", E_Mail="dana.levi.1005@example.org")
    # The name was pasted with marks that reverse the direction of what follows.
    _local_name(history, "001005", "\u202eדנה", "לוי\u202c", "Hebr")
    person("001006", "Sari", "", Login="sari", E_Mail="sari@example.org")
    person("001007", "Astrid", "Quintana", Login="AQUINTANA", E_Mail="astrid.quintana.1007@example.org")
    person("001008", "Bruno", "Tavares", Login="", E_Mail="bruno.tavares.1008@example.org")
    person("001009", "Jin", "Kim", Login="j.kim", E_Mail="jin.kim.1009@example.org")
    person("001010", "Joon", "Kim", Login="J.Kim", E_Mail="joon.kim.1010@example.org")
    person("001011", "Kofi", "Young", Login="kofi.young.1011", E_Mail="")
    left = person("001012", "Vera", "Jansen", Login="", E_Mail="", Leave_Date="30/09/2021", Emp_Status="Leaver")
    left.left = date(2021, 9, 30)
    person("001013", "Ugo", "Pereira", Login="ugo.pereira.1013", E_Mail="ugo.pereira(at)example.org")
    person("001014", "Zoë", "Moreau", Login="zoe.moreau.1014", E_Mail="warehouse.team@example.org")
    person("001015", "Gaël", "Dubois", Login="gael.dubois.1015", E_Mail="warehouse.team@example.org")
    person("001016", "Niamh", "O'Connor", Login="niamh.oconnor.1016", Phone="+353 21 496 0000 ext 4411 (mornings only)",
           E_Mail="niamh.oconnor.1016@example.org")  # fmt: skip
    person("001017", "Sören", "Lindqvist", Login="soren.lindqvist.1017", Emp_Status="Retd",
           E_Mail="soren.lindqvist.1017@example.org")  # fmt: skip
    person("001018", "Freya", "Rønning", Login="freya.ronning.1018", Auth_Source="KIOSK",
           E_Mail="freya.ronning.1018@example.org")  # fmt: skip
    person("001019", "Teresa", "Núñez", Login="teresa.nunez.1019", Auth_Source="KERBEROS",
           E_Mail="teresa.nunez.1019@example.org")  # fmt: skip
    person("001020", "Mário", "Castellà", Login="mario.castella.1020", Language="XX",
           E_Mail="mario.castella.1020@example.org")  # fmt: skip
    person("001021", "Inès", "Häusler", Login="ines.hausler.1021", E_Mail="ines.hausler.1021@example.org")
    person("001022", "Pål", "Ødegård", Login="pal.odegard.1022", E_Mail="pal.odegard.1022@example.org")
    person("001023", "Ramón", "Ibáñez", Login="ramon.ibanez.1023", E_Mail="ramon.ibanez.1023@example.org")
    person("001024", "Femi", "Adeyemi", Login="femi.adeyemi.1024", E_Mail="femi.adeyemi.1024@example.org")
    person("001025", "Lucía", "Fernández", Login="lucia.fernandez.1025", Leave_Date="31/08/2024",
           E_Mail="lucia.fernandez.1025@example.org").left = date(2024, 8, 31)  # fmt: skip
    person("001026", "Camila", "Álvarez", Login="camila.alvarez.1026", Hire_Date="14/02/98",
           E_Mail="camila.alvarez.1026@example.org")  # fmt: skip
    person("001027", "Olivia", "Keßler", Login="olivia.kessler.1027", Leave_Date="31/02/2023", Emp_Status="Leaver",
           E_Mail="olivia.kessler.1027@example.org").left = date(2023, 2, 28)  # fmt: skip
    person("001028", "Amélie", "Göransson", Login="amelie.goransson.1028", E_Mail="amelie.goransson.1028@example.org")
    # Left in 2018, came back under a new number in 2021: one person.
    earlier = person("001029", "Lena", "Novak", Login="", E_Mail="", Leave_Date="30/06/2019", Emp_Status="Leaver")
    earlier.left = date(2019, 6, 30)
    later = person("001030", "Lena", "Novak", Hire_Date="01/09/2021", Previous_Emp_ID="001029")
    later.hired = date(2021, 9, 1)
    person("001032", "Günter", "Vögel", Login="günter.vögel", E_Mail="gunter.vogel.1032@example.org")
    for number in ("01", "02"):
        made = new_person(history, f"TEST{number}", hired=old)
        made.left = None
        made.row.update({"First Name": "Test", "Last Name": f"Trainee {number}", "Login": f"test.trainee{number}",
                         "E-Mail": f"test{number}@example.org", "Leave Date": "", "Emp Status": "Active"})  # fmt: skip
        _forget_local_name(history, made.emp_id)

    # A second row for an employee number that is taken.
    taken = next(p for p in history.people if p.emp_id == "001028")
    history.tables["persons.csv"].append({**taken.row, "Login": "amelie.g", "Last Name": "Göransson-Vögel"})
    # Pasted in UTF-8 into a file of Windows-1252: the byte 81 is no character there.
    history.raw["persons.csv"] = [
        '001031;agnes.kovacs;Ágnes;Kovács;agnes.kovacs@example.org;01/03/2016;;Active;DE;München;DE;SSO;;;;02/01/2025'
        .encode()
    ]  # fmt: skip
    history.people.append(Person("001031", "Ágnes", "Kovács", "Ágnes", "Kovács", "Latn", old, None))


def plant_jobs(history: History) -> None:
    """Managers that cannot be, dates that cannot be, references that lead nowhere."""
    rows = history.tables["job_assignments.csv"]
    current = {r["Emp ID"]: r for r in rows if not r["End Date"]}
    current["001021"]["Manager Emp ID"] = "001022"
    current["001022"]["Manager Emp ID"] = "001021"
    current["001023"]["Manager Emp ID"] = "001023"
    gone = next(p for p in history.people if p.left and p.row and p.emp_id < "001000")
    current["001024"]["Manager Emp ID"] = gone.emp_id
    current["001007"]["Org Code"] = "D77"
    current["001008"]["Pos Code"] = "P77"
    current["001016"]["Manager Emp ID"] = "000099"
    someone = history.staff[40]
    rows.append(_job("J90001", someone.emp_id, "Analyst", "D11", "P03", "", "01/05/2020", "01/05/2019"))
    rows.append(_job("J90002", "000098", "Analyst", "D11", "P03", "", "01/05/2020", ""))
    rows.append(_job("J90003", history.staff[41].emp_id, "Analyst", "D11", "P03", "", "31/04/2018", "30/06/2018"))
    rows.append(_job("J90004", "TEST01", "Trainee", "D11", "P03", "", "01/05/2020", ""))


def plant_catalogue(history: History) -> None:
    """Versions that need a person, and one that stands twice under two spellings."""
    first = history.versions[0]
    twin = dict(first.row)
    twin["Course Code"] = twin["Course Code"].lower()
    history.tables["course_versions.csv"].append(twin)
    misc = Version("MX-101", "1.0", date(2018, 1, 1), None, None, None, "1", "CH")
    _add_version(history, misc, "Welcome day", "Miscellaneous", "Classroom")
    long = Version("LAW-190", "1.0", date(2018, 1, 1), None, 100, 80, "1", "CPE")
    title = "Directive on the transfer of records between systems, " * 5 + "second reading"
    _add_version(history, long, title, "Law and ethics", "Online")
    wrong = Version("SK-190", "1.0", date(2019, 1, 1), None, None, None, "1", "CH")
    _add_version(history, wrong, "Note taking", "Skills", "Classroom")
    wrong.row["Superseded On"] = "2018-12-31"
    wrong.ends = date(2019, 1, 2)


def plant_completions(history: History) -> None:
    """Rows entered by hand or spoilt on the way, most of them of people without other faults."""
    rng = history.rng
    clean = [p for p in history.staff if p.emp_id < "001000"]
    assessed = next(v for v in history.versions if v.max_score == 100 and v.ends is None)
    simple = next(v for v in history.versions if v.max_score is None and v.ends is None and v.code.startswith("HS"))
    old = next(v for v in history.versions if v.ends and v.ends.year < 2022 and v.max_score in (None, 100))
    misc = next(v for v in history.versions if v.row["Category"] == "Miscellaneous")

    def add(year: int, who: Person | str, version: Version, day: date, **changes: str) -> Row:
        history.manual += 1
        person = who if isinstance(who, Person) else clean[0]
        base = {"status": "Passed" if version.max_score else "Completed", "score": "91,5" if version.max_score else "",
                "credit_hours": version.hours, "credit_type": version.kind, "completion_date": day.isoformat(),
                "e_sig_name": "", "e_sig_meaning": "", "e_sig_time": "", "comments": ""}  # fmt: skip
        row = completion(history, person, version, day, **{**base, **changes})
        row["Transcript No"] = f"M{history.manual:05}"
        row["Recorded By"] = "records.office"
        if isinstance(who, str):
            row["Emp ID"], row["Employee Name"] = who, ""
        rows = history.completions(year)
        rows.insert(rng.randrange(len(rows) + 1), row)
        return row

    def day(year: int, month: int = 9, of: int = 10) -> date:
        return date(year, month, of)

    add(2021, clean[1], assessed, day(2021), completion_date="31.02.2021")
    add(2019, clean[2], assessed, day(2019), completion_date="03/04/19")
    add(2019, clean[3], assessed, day(2019, 11, 25), completion_date="25/11/19")  # no fault: it reads one way only
    add(2022, clean[4], assessed, day(2022), completion_date="")
    add(2024, clean[5], assessed, day(2024), completion_date="2052-09-10")
    add(2023, "009999", assessed, day(2023))
    add(2023, clean[6], assessed, day(2023))["Version"] = "9.9"
    add(2022, clean[7].emp_id.lstrip("0"), assessed, day(2022))
    add(2022, clean[8].emp_id.lstrip("0"), assessed, day(2022))
    add(2021, clean[9], assessed, day(2021), score="105,5")
    add(2021, clean[10], assessed, day(2021), score="n/a")
    add(2021, clean[11], assessed, day(2021), score="")
    add(2020, clean[12], assessed, day(2020), score="41")
    add(2020, clean[13], assessed, day(2020), status="Compl.")
    add(2020, clean[14], simple, day(2020), credit_type="XQ", credit_hours="3")
    add(2023, clean[15], assessed, day(2023), e_sig_name="A. Signer")
    add(2019, next(p for p in history.people if p.row and p.hired > date(2019, 12, 31) and p.emp_id < "001000"),
        simple, day(2019))  # fmt: skip
    gone = next(p for p in history.people if p.row and p.left and p.left < date(2022, 1, 1) and p.emp_id < "001000")
    add(2022, gone, simple, day(2022))
    add(2023, clean[16], old, day(2023))
    add(2023, clean[17], misc, day(2023))
    add(2024, clean[18], simple, day(2024), status="Waived")
    add(2022, clean[19], assessed, day(2022), course_code=assessed.code.lower())

    # The same completion entered by hand after the LMS had recorded it; in one case with another score.
    for year, score in ((2021, None), (2023, "100")):
        twin = next(r for r in history.completions(year) if r["Status"] == "Passed" and r["Emp ID"] < "001000"
                    and r["Score"] != "100" and not r["Transcript No"].startswith("M"))  # fmt: skip
        history.manual += 1
        again = {**twin, "Transcript No": f"M{history.manual:05}", "Recorded By": "records.office"}
        history.completions(year).append({**again, "Score": score} if score else again)
    # One of the last rows of a year stands in the file of the next year too.
    late = [r for r in history.completions(2022) if r["Status"] == "Passed" and r["Transcript No"].startswith("T")][-1]
    history.completions(2023).insert(0, dict(late))
    blank = add(2020, clean[20], simple, day(2020))
    blank["Transcript No"] = ""

    # A comment with the delimiter that nobody quoted, and a line written in Windows-1252.
    history.raw["completions_2021.csv"] = [
        f"M90001;{clean[21].emp_id};;{simple.code};{simple.version};2021-09-10;Completed;;1;CH;;;;records.office;"
        "2021-09-10;;;late; had to leave early".encode()
    ]
    history.raw["completions_2024.csv"] = [
        f"M90002;{clean[22].emp_id};;{simple.code};{simple.version};2024-09-10;Completed;;1;CH;;;;records.office;"
        "2024-09-10;Trainer Ødegård;;".encode("cp1252")
    ]


def plant_awards(history: History) -> None:
    """Certificates whose status, dates and rule do not agree."""
    rows = history.tables["certification_awards.csv"]
    clean = [p.emp_id for p in history.staff if p.emp_id < "001000"]
    number = 900000

    def add(who: str, cert: str, done: str, expires: str, status: str, due: str = "", cycle: int = 1) -> Row:
        nonlocal number
        number += 1
        rows.append({"Award No": f"A{number}", "Emp ID": who, "Cert Code": cert, "Cycle": str(cycle), "Completed": done,
                     "Due": due, "Expires": expires, "Status": status, "Certificate No": f"C-{number}"})  # fmt: skip
        return rows[-1]

    # 31 August + 6 months: the old system said 28 February, Totara says 3 March.
    add(clean[50], "ASEPT", "2022-08-31", "2023-02-28", "Expired")
    # Status active, expired before the export.
    add(clean[51], "FORK", "2021-05-10", "2024-05-10", "Active")
    # Extended by hand, by a year, and still active: Totara would compute an expired one.
    add(clean[52], "LOTO", "2023-06-14", "2025-06-14", "Active")
    # Extended by hand, by three months; a later cycle exists.
    add(clean[53], "LOTO", "2020-06-15", "2021-09-15", "Renewed")
    add(clean[54], "FORK", "2023-05-10", "2026-05-10", "Revoked")
    add(clean[55], "FORK", "2021-05-10", "2024-05-10", "Lapsed?")
    add(clean[56], "AUDIT", "2021-05-10", "2012-05-10", "Expired")
    add("009999", "AUDIT", "2021-05-10", "2024-05-10", "Expired")
    add(clean[57], "WELD", "2021-05-10", "2024-05-10", "Expired")
    twin = add(clean[58], "HAZ", "2021-05-10", "2022-05-09", "Expired")
    add(clean[58], "HAZ", twin["Completed"], twin["Expires"], "Expired")
    add(clean[59], "PRESS", "", "2024-05-10", "Expired")
    add("TEST01", "PRESS", "2022-05-10", "2023-11-10", "Expired")


# Writing -------------------------------------------------------------------------------------------------------------


def write(history: History, directory: Path) -> None:
    """Write every table in its encoding, each whole line of ``raw`` in the middle of its file."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, (header, encoding, delimiter, line_end) in FILES.items():
        lines = [_line(header, delimiter, line_end)]
        lines += [_line([row[h] for h in header], delimiter, line_end) for row in history.tables[name]]
        written = [line.encode(encoding.removesuffix("-sig")) for line in lines]
        middle = len(written) // 2
        written[middle:middle] = [line + line_end.encode() for line in history.raw.get(name, [])]
        mark = b"\xef\xbb\xbf" if encoding == "utf-8-sig" else b""
        (directory / name).write_bytes(mark + b"".join(written))
    # A file nobody mentioned: which course counted for which other one.
    (directory / "course_equivalencies.csv").write_bytes(b"Old Course,Counts For\nGMP-001,GMP-101\nHS-001,HS-101\n")


def _line(cells: tuple[str, ...] | list[str], delimiter: str, line_end: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerow(cells)
    return text.getvalue()


# Small help ----------------------------------------------------------------------------------------------------------


def _name(rng: random.Random, names: str) -> tuple[str, str]:
    latin, _, own = rng.choice(names.split()).partition("=")
    return latin, own or latin


def _cp1252(text: str) -> str:
    """Letters that the persons report cannot write, without their marks."""
    return "".join(c if c.encode("cp1252", "ignore") else _ascii(c) for c in text)


def _ascii(text: str) -> str:
    special = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "å": "a", "'": "", "ł": "l", " ": ""})
    plain = unicodedata.normalize("NFD", text.translate(special))
    return "".join(c for c in plain if c.isascii())


def _british(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""


def _local_name(history: History, emp_id: str, given: str, family: str, script: str) -> None:
    _forget_local_name(history, emp_id)
    history.tables["person_names.csv"].append(
        {"Emp ID": emp_id, "Given Name Local": given, "Family Name Local": family, "Script": script}
    )


def _forget_local_name(history: History, emp_id: str) -> None:
    rows = history.tables["person_names.csv"]
    rows[:] = [row for row in rows if row["Emp ID"] != emp_id]


def _job(job_id: str, *cells: str) -> Row:
    return dict(zip(FILES["job_assignments.csv"][0], (job_id, *cells), strict=True))


def _add_job(
    rows: list[Row], person: Person, unit: str, position: str, manager: Person | None, start: date, end: date | None
) -> None:
    title = "Head of unit" if position == "P00" else POSITIONS[int(position[1:]) - 1]
    under = manager.emp_id if manager and manager is not person else ""
    rows.append(_job(f"J{len(rows) + 1:05}", person.emp_id, title, unit, position, under, _british(start), _british(end)))


def _add_version(history: History, version: Version, title: str, category: str, delivery: str) -> None:
    version.row = {
        "Course Code": version.code, "Version": version.version, "Title": title, "Category": category,
        "Effective From": version.starts.isoformat(), "Superseded On": version.ends.isoformat() if version.ends else "",
        "Max Score": str(version.max_score or ""), "Pass Mark": str(version.pass_mark or ""),
        "Credit Hours": version.hours, "Credit Type": version.kind, "Delivery": delivery,
        "Retention Class": "7Y" if version.code.startswith(("GMP", "QA")) else "3Y",
    }  # fmt: skip
    history.versions.append(version)
    history.tables["course_versions.csv"].append(version.row)


def _old_expiry(certification: tuple[object, ...], cycle: int, done: date, due: date | None) -> date:
    """The rule of the old system: months stop at the last day of the month."""
    _, _, period, unit, window, window_unit, basis, _ = certification
    base = done
    if basis == "EXPIRY" and due is not None and done <= due:
        opens = _later(due, -int(str(window)), str(window_unit))
        base = due if cycle == 1 or done >= opens else _later(due, -int(str(period)), str(unit))
    return _later(base, int(str(period)), str(unit))


def _later(day: date, number: int, unit: str) -> date:
    if unit in "DW":
        return day + timedelta(days=number * (7 if unit == "W" else 1))
    months = day.year * 12 + day.month - 1 + number * (12 if unit == "Y" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python sample_data/generate_legacy_history.py DIR")
    generate(Path(sys.argv[1]))
