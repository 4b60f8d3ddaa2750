"""The ordinary people of the Moodle sample, their profile fields and cohorts."""

from __future__ import annotations

from typing import Any

from moodle_sample.clock import DAY, HOUR, NOW, madrid
from moodle_sample.courses import SUBJECTS
from moodle_sample.names import COUNTRY, all_names
from moodle_sample.site import CATEGORY, LOCAL_HOST, NO_PASSWORD, NOT_CACHED, SYSTEM, USER, Site

PEOPLE = range(3, 258)

COHORTS = (  # name, idnumber, category (0: the whole site), visible
    ("All lecturers", "COH-LECT", 0, 1),
    ("New staff 2024", "COH-NEW24", 0, 1),
    ("Laboratory users", "COH-LAB", 1, 1),
    ("Language tutors", None, 6, 1),
    ("Line managers", "COH-MGR", 3, 0),
    ("First-year students", "COH-Y1", 0, 1),
    ("Exchange students", "", 2, 1),
    ("Alumni volunteers", "COH-ALU", 0, 1),
)


def add_people(site: Site) -> None:
    rng = site.random
    site.add(
        "user",
        id=1,
        confirmed=1,
        mnethostid=LOCAL_HOST,
        username="guest",
        password=NO_PASSWORD,
        firstname="Guest user",
        lastname=" ",
        email="root@localhost",
        description="This account lets visitors read some courses.",
        timemodified=madrid(2019, 3, 4, 10),
    )
    site.add(
        "user",
        id=2,
        confirmed=1,
        mnethostid=LOCAL_HOST,
        username="admin",
        password=NO_PASSWORD,
        firstname="Site",
        lastname="Administrator",
        email="admin@example.org",
        country="ES",
        firstaccess=madrid(2019, 3, 4, 11),
        lastaccess=NOW - HOUR,
        lastlogin=NOW - DAY,
        currentlogin=NOW - HOUR,
        lastip="192.0.2.1",
        timemodified=madrid(2024, 1, 8, 12),
    )
    names = all_names()
    rng.shuffle(names)
    methods = ["manual"] * 13 + ["ldap"] * 4 + ["oauth2"] * 3
    departments = ("", "Biology", "Chemistry", "Languages", "History", "Administration")
    for number, name in zip(PEOPLE, names, strict=False):
        auth = rng.choice(methods)
        created = rng.randrange(madrid(2021, 9, 1), madrid(2025, 4, 1))
        never_came = site.chance(0.12)
        first = 0 if never_came else min(created + rng.randrange(HOUR, 40 * DAY), NOW - 30 * DAY)
        last = 0 if never_came else rng.randrange(first, NOW)
        mail = f"{name.login}@example.org"
        if site.chance(0.06):
            mail = f"{name.login.title()}@Example.org"
        site.add(
            "user",
            id=number,
            auth=auth,
            confirmed=0 if site.chance(0.01) else 1,
            policyagreed=0 if never_came else 1,
            suspended=1 if site.chance(0.06) else 0,
            mnethostid=LOCAL_HOST,
            username=name.login,
            password=NO_PASSWORD if auth == "manual" else NOT_CACHED,
            idnumber="" if site.chance(0.18) else f"{'00' if site.chance(0.15) else 'E'}{10000 + number * 7}",
            firstname=name.given,
            lastname=name.family,
            email=mail,
            phone1="555 0100" if site.chance(0.1) else "",
            institution="Sample Institute" if site.chance(0.5) else "",
            department=rng.choice(departments),
            city="Madrid" if site.chance(0.3) else "",
            country=COUNTRY[name.lang] if site.chance(0.85) else "",
            lang=name.lang if site.chance(0.3) else "en",
            timezone=rng.choice(("99", "99", "99", "99", "Europe/Madrid", "Asia/Kolkata", "-5.5")),
            firstaccess=first,
            lastaccess=last,
            lastlogin=max(first, last - DAY) if last else 0,
            currentlogin=last,
            lastip=f"192.0.2.{number % 250 + 2}" if last else "",
            description=f"<p>Works on {rng.choice(SUBJECTS)[1].lower()}.</p>" if site.chance(0.1) else None,
            maildisplay=rng.choice((0, 1, 2, 2, 2)),
            timecreated=0 if site.chance(0.03) else created,
            timemodified=max(created, last),
            middlename="" if site.chance(0.5) else None,
            alternatename=name.login.split(".")[0].title() if site.chance(0.04) else None,
        )
    for number in (*PEOPLE, 2):
        site.context(USER, number)


def add_profiles(site: Site) -> None:
    rng = site.random
    site.add("user_info_category", name="Employment", sortorder=1)
    site.add("user_info_category", name="Consent", sortorder=2)
    kinds = "Lecturer\nResearcher\nAdministration\nStudent"
    fields: tuple[dict[str, Any], ...] = (
        {"shortname": "jobtitle", "name": "Job title", "datatype": "text", "categoryid": 1, "param1": "30"},
        {
            "shortname": "stafftype",
            "name": "Staff type",
            "datatype": "menu",
            "categoryid": 1,
            "param1": kinds,
        },
        {
            "shortname": "hiredate",
            "name": "Hired on",
            "datatype": "datetime",
            "categoryid": 1,
            "param1": "2000",
        },
        {"shortname": "photoconsent", "name": "Photographs", "datatype": "checkbox", "categoryid": 2},
    )
    for order, field in enumerate(fields, 1):
        site.add(
            "user_info_field",
            **field,
            description="",
            descriptionformat=1,
            sortorder=order,
            visible=2,
            defaultdata="Student" if field["shortname"] == "stafftype" else "",
        )
    for user in PEOPLE:
        values = {
            1: rng.choice(("Lecturer", "Lab technician", "Ayudante de cátedra", "")),
            2: rng.choice(kinds.split("\n")),
            3: str(madrid(rng.randrange(2005, 2025), rng.randrange(1, 13), rng.randrange(1, 29))),
            4: rng.choice("01"),
        }
        for field_id, value in values.items():
            if site.chance(0.6):
                site.add("user_info_data", userid=user, fieldid=field_id, data=value)
        if site.chance(0.3):
            site.add("user_preferences", userid=user, name="auth_forcepasswordchange", value=rng.choice("01"))
        if site.chance(0.2):
            site.add("user_preferences", userid=user, name="email_bounce_count", value=str(rng.randrange(1, 4)))
        if site.chance(0.1):
            site.add("user_preferences", userid=user, name="htmleditor", value="tiny")


def add_cohorts(site: Site) -> None:
    made = madrid(2023, 7, 3, 9)
    for name, idnumber, category, visible in COHORTS:
        cohort = site.add(
            "cohort",
            contextid=site.context(CATEGORY, category) if category else site.context(SYSTEM, 0),
            name=name,
            idnumber=idnumber,
            description="",
            descriptionformat=1,
            visible=visible,
            timecreated=made,
            timemodified=made,
        )
        for user in sorted(site.random.sample(PEOPLE, site.random.randrange(14, 30))):
            site.add("cohort_members", cohortid=cohort, userid=user, timeadded=made + user * HOUR)
