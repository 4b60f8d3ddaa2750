"""Faults of people, and of what local plugins added. Each function plants one; ordinary rows change only where it says so."""

from __future__ import annotations

import hashlib

from moodle_sample.clock import DAY, NOW, OUT_OF_RANGE, madrid
from moodle_sample.courses import by_shortname
from moodle_sample.fault import HISTORY, Fault
from moodle_sample.site import NOT_CACHED, OTHER_HOST, Site


def plant_deleted(site: Site, number: int, first: str, last: str) -> int:
    """A deleted account as Moodle leaves it: e-mail and time as user name, the old name hashed as e-mail."""
    gone = madrid(2024, 11, 4, 12, number % 60)
    return site.person(
        number,
        first,
        last,
        username=f"sample{number}@example.org.{gone}",
        email=hashlib.md5(f"sample{number}".encode(), usedforsecurity=False).hexdigest(),
        idnumber="",
        deleted=1,
        timemodified=gone,
        picture=0,
    )


def plant_deleted_accounts(site: Site) -> None:
    for number, last in zip(range(901, 905), ("Kvist", "Melas", "Boiko", "Vaněk"), strict=True):
        plant_deleted(site, number, "Former", last)


def plant_deleted_with_history(site: Site) -> None:
    completed = by_shortname(site)["SAFETY-FIRE"]
    item = next(row for row in site.all("grade_items") if row["courseid"] == completed)
    for number, last in ((905, "Quintana"), (906, "Şahin")):
        plant_deleted(site, number, "Former", last)
        site.add(
            "course_completions",
            userid=number,
            course=completed,
            timeenrolled=madrid(2023, 9, 4),
            timestarted=madrid(2023, 9, 5),
            timecompleted=madrid(2023, 11, 6, 17),
        )
        site.add(
            "grade_grades",
            itemid=item["id"],
            userid=number,
            finalgrade=88.0,
            timemodified=madrid(2023, 11, 6, 17),
            aggregationstatus="used",
        )


def plant_same_person_twice(site: Site) -> None:
    site.person(907, "Noelia", "Zorrilla", username="noelia.z", email="noelia.z@example.org", lastaccess=NOW - DAY)
    site.person(
        908,
        "Noelia",
        "Zorrilla",
        username="nzorrilla",
        email="Noelia.Z@Example.org",
        idnumber="",
        auth="ldap",
        password=NOT_CACHED,
        lastaccess=NOW - 500 * DAY,
    )
    site.person(
        909,
        "Σπύρος",
        "Ρήγας",
        username="spyros.old",
        email="SRIGAS@EXAMPLE.ORG",
        idnumber="",
        firstaccess=0,
        lastaccess=0,
    )
    site.person(910, "Σπύρος", "Ρήγας", username="spyros.new", email="srigas@example.org", idnumber="")
    courses = by_shortname(site)
    site.enrol(907, courses["ONB-01"])
    site.enrol(907, courses["SAFETY-LAB"])
    site.enrol(908, courses["SAFETY-LAB"])
    site.enrol(908, courses["TUTOR-KIT"], role="teacher")
    site.enrol(909, courses["CODE-CONDUCT"])
    site.enrol(910, courses["STAT-CLINIC"])


def plant_shared_mailbox(site: Site) -> None:
    site.person(933, "Front", "Desk One", email="frontdesk@example.org")
    site.person(934, "Front", "Desk Two", email="frontdesk@example.org")


def plant_idnumber_twice(site: Site) -> None:
    site.person(911, "Ondřej", "Hrubý", idnumber="E-4711")
    site.person(912, "Huda", "Khoury", idnumber="E-4711")
    site.enrol(911, by_shortname(site)["LEAD-A"])


def plant_idnumber_like_a_fallback(site: Site) -> None:
    site.person(948, "Ming", "Ouyang", idnumber="moodle-950")
    site.person(950, "Elif", "Güneş", idnumber="")


def plant_bad_email(site: Site) -> None:
    site.person(913, "Martín", "Peláez", email="martin.pelaez.example.org")
    site.person(914, "Yến", "Võ", email="yen vo@example.org")


def plant_html_in_name(site: Site) -> None:
    site.person(915, "<b>Žofie</b>", "Křížek")
    site.person(916, "Alon", "<script>alert(1)</script>Tzur")


def plant_blank_name(site: Site) -> None:
    site.person(917, " ", "")
    site.enrol(917, by_shortname(site)["CODE-CONDUCT"])


def plant_control_in_name(site: Site) -> None:
    site.person(918, "Rohan\t", "Verma")
    site.person(919, "Tamar", "\u202eLavi")


def plant_unknown_auth(site: Site) -> None:
    site.person(920, "Levan", "Lomidze", auth="saml_old", password=NOT_CACHED)
    site.person(921, "Mariam", "Beridze", auth="saml_old", password=NOT_CACHED, suspended=1)


def plant_login_on_other_host(site: Site) -> None:
    site.person(
        922,
        "Visiting",
        "Namesake",
        username=site.get("user", 12)["username"],
        email="namesake@example.org",
        mnethostid=OTHER_HOST,
    )


def plant_bad_encoding(site: Site) -> None:
    site.person(923, "Begoña", "Mu\u00f1oz Gil".encode("latin-1"))
    for course in ("ONB-01", "LIB-SKILLS"):
        site.enrol(923, by_shortname(site)[course])


def plant_epoch_out_of_range(site: Site) -> None:
    site.person(924, "Jiwoo", "Namgung", lastaccess=OUT_OF_RANGE)
    site.person(949, "Doyun", "Yoon")
    site.enrol(949, by_shortname(site)["TUTOR-KIT"], start=OUT_OF_RANGE)


def plant_names_that_survive(site: Site) -> None:
    site.person(925, "Sinéad", "O'Neill-D\u2019Arcy")
    site.person(926, "محمد", "عبد الرحمن")
    site.person(927, "Pixel \U0001f98a", "Fox")
    site.person(928, "Rene\u0301e", "Ande\u0301rsson")
    site.person(929, '=HYPERLINK("https://example.org","open")', "Formula")
    site.person(932, "  Sudha", "Joshi  ")
    site.person(936, "Nikos", "Xenos", username="níkos.ξένος", email="sample936@example.org")
    for user in range(925, 930):
        site.enrol(user, by_shortname(site)["ONB-01"])


def plant_leading_zeros(site: Site) -> None:
    site.person(930, "Bohdan", "Shevchuk", idnumber="007")
    site.person(931, "Taras", "Hnatiuk", idnumber="7")


def plant_unknown_column(site: Site) -> None:
    """Gives twelve ordinary people a value in the plugin's column."""
    for user in range(20, 32):
        site.get("user", user)["local_costcentre"] = f"CC-{user % 4 + 1:03d}"


def plant_plugin_table(site: Site) -> None:
    for mentor in range(12, 17):
        site.add(
            "local_mentoring",
            mentorid=mentor,
            menteeid=mentor + 40,
            notes="Meets every second week",
            timecreated=madrid(2024, 10, 1, 10),
        )


PEOPLE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Guest account, a system row and no person",
        "user 1",
        "USR-GUEST",
        None,
        "SELECT id FROM mdl_user WHERE username = 'guest'",
        1,
    ),
    Fault(
        "Deleted account that left nothing behind",
        "user 901-904",
        "USR-DELETED",
        plant_deleted_accounts,
        f"SELECT id FROM mdl_user WHERE deleted = 1 AND id NOT IN ({HISTORY})",
        4,
    ),
    Fault(
        "Deleted account with a grade and a completion",
        "user 905, 906",
        "USR-DELETED-HISTORY",
        plant_deleted_with_history,
        f"SELECT id FROM mdl_user WHERE deleted = 1 AND id IN ({HISTORY})",
        2,
    ),
    Fault(
        "One person with two accounts: same name, same e-mail in other letter case; the second login becomes an extra login",
        "user 907 + 908, 909 + 910",
        "USR-MERGE",
        plant_same_person_twice,
        "SELECT a.id FROM mdl_user a JOIN mdl_user b ON lower(a.email) = lower(b.email) AND a.id < b.id"
        " AND a.firstname = b.firstname AND a.lastname = b.lastname WHERE a.deleted = 0 AND b.deleted = 0",
        2,
    ),
    Fault(
        "Two people who share one mailbox: same e-mail, other names; they stay two people",
        "user 933, 934",
        "-",
        plant_shared_mailbox,
        "SELECT id FROM mdl_user WHERE email = 'frontdesk@example.org'",
        2,
    ),
    Fault(
        "ID number used by two accounts",
        "user 911, 912 (E-4711)",
        "USR-IDNUMBER-DUP",
        plant_idnumber_twice,
        "SELECT id FROM mdl_user WHERE idnumber <> ''"
        " AND idnumber IN (SELECT idnumber FROM mdl_user GROUP BY idnumber HAVING count(*) > 1)",
        2,
    ),
    Fault(
        "ID number that looks like the one made for an account without any",
        "user 948 (moodle-950), 950 (blank)",
        "KEY-DUPLICATE",
        plant_idnumber_like_a_fallback,
        "SELECT a.id FROM mdl_user a JOIN mdl_user b ON a.idnumber = 'moodle-' || b.id AND b.idnumber = ''",
        1,
    ),
    Fault(
        "E-mail that is no address: no @, a blank inside",
        "user 913, 914",
        "USR-EMAIL",
        plant_bad_email,
        "SELECT id FROM mdl_user WHERE deleted = 0 AND id <> 1 AND (email NOT LIKE '%_@_%.__%' OR email LIKE '% %')",
        2,
    ),
    Fault(
        "HTML in a name, once a script",
        "user 915 (firstname), 916 (lastname)",
        "USR-NAME-HTML",
        plant_html_in_name,
        "SELECT id FROM mdl_user WHERE firstname LIKE '%<%>%' OR lastname LIKE '%<%>%'",
        2,
    ),
    Fault(
        "Blank given and family name",
        "user 917",
        "USR-NAME-BLANK",
        plant_blank_name,
        "SELECT id FROM mdl_user WHERE trim(firstname) = '' AND trim(lastname) = ''",
        1,
    ),
    Fault(
        "Tab at the end of a name, right-to-left override before a name",
        "user 918 (firstname), 919 (lastname)",
        "USR-NAME-CONTROL",
        plant_control_in_name,
        "SELECT id FROM mdl_user WHERE instr(firstname, char(9)) OR instr(lastname, char(8238))",
        2,
    ),
    Fault(
        "Sign-in method of a plugin that is gone (saml_old)",
        "user 920, 921 (auth)",
        "USR-AUTH-UNMAPPED",
        plant_unknown_auth,
        "SELECT id FROM mdl_user WHERE auth = 'saml_old'",
        2,
    ),
    Fault(
        "Sign-in method whose counterpart nobody has confirmed (ldap, oauth2)",
        "user.auth of 92 accounts; the role of managers likewise",
        "XWALK-PROPOSED",
        None,
        "SELECT id FROM mdl_user WHERE auth IN ('ldap', 'oauth2')",
        92,
    ),
    Fault(
        "Account that is the only or the first one of its owner; it has no further login",
        "all users but 908 and 909",
        "LOGIN-NOT-MERGED",
        None,
        "SELECT id FROM mdl_user u WHERE NOT EXISTS (SELECT 1 FROM mdl_user b WHERE lower(b.email) = lower(u.email)"
        " AND b.firstname = u.firstname AND b.lastname = u.lastname AND b.id > u.id)",
        304,
    ),
    Fault(
        "Teaching role of a person with two accounts; merging them may not hand the role to both logins",
        "enrolment of user 907 or 908",
        "ENR-MERGED-IDENTITY",
        None,
        "SELECT ra.id FROM mdl_role_assignments ra JOIN mdl_role r ON r.id = ra.roleid JOIN mdl_context x ON x.id = ra.contextid"
        " WHERE x.contextlevel = 50 AND ra.userid IN (907, 908, 909, 910) AND r.shortname IN ('teacher', 'editingteacher')",
        1,
    ),
    Fault(
        "User name of somebody else, on another MNet host",
        "user 922 and user 12",
        "USR-LOGIN-DUP",
        plant_login_on_other_host,
        "SELECT a.id FROM mdl_user a JOIN mdl_user b ON a.username = b.username AND a.id <> b.id",
        2,
    ),
    Fault(
        "Bytes that are not UTF-8 in a text column",
        "user 923 (lastname)",
        "SRC-ENCODING",
        plant_bad_encoding,
        "SELECT id FROM mdl_user WHERE instr(CAST(lastname AS BLOB), x'F16F7A') > 0",
        1,
    ),
    Fault(
        "Time far outside the calendar (99999999999999)",
        "user 924 (lastaccess), enrolment of user 949 in TUTOR-KIT (timestart)",
        "SRC-TYPE",
        plant_epoch_out_of_range,
        "SELECT id FROM mdl_user WHERE lastaccess > 4102444800"
        " UNION ALL SELECT id FROM mdl_user_enrolments WHERE timestart > 4102444800",
        2,
    ),
    Fault(
        "Apostrophes, straight and curly, in a name",
        "user 925",
        "-",
        plant_names_that_survive,
        "SELECT id FROM mdl_user WHERE lastname LIKE '%''%' AND instr(lastname, char(8217))",
        1,
    ),
    Fault(
        "Right-to-left name with a blank inside",
        "user 926",
        "-",
        None,
        "SELECT id FROM mdl_user WHERE lastname = 'عبد الرحمن'",
        1,
    ),
    Fault(
        "Emoji in a name",
        "user 927",
        "-",
        None,
        "SELECT id FROM mdl_user WHERE instr(firstname, char(129418))",
        1,
    ),
    Fault(
        "Combining accents (NFD) in a name",
        "user 928",
        "-",
        None,
        "SELECT id FROM mdl_user WHERE instr(firstname, char(769)) AND instr(lastname, char(769))",
        1,
    ),
    Fault(
        "Name that a spreadsheet would run as a formula",
        "user 929",
        "-",
        None,
        "SELECT id FROM mdl_user WHERE firstname LIKE '=HYPERLINK(%'",
        1,
    ),
    Fault(
        "Blanks before and after a name",
        "user 932",
        "-",
        None,
        "SELECT id FROM mdl_user WHERE firstname LIKE ' _%' AND lastname LIKE '%_ '",
        1,
    ),
    Fault(
        "User name outside ASCII",
        "user 936",
        "-",
        None,
        "SELECT id FROM mdl_user WHERE username GLOB '*[^ -~]*'",
        1,
    ),
    Fault(
        "ID numbers 007 and 7, two people",
        "user 930, 931",
        "-",
        plant_leading_zeros,
        "SELECT id FROM mdl_user WHERE idnumber IN ('007', '7')",
        2,
    ),
    Fault(
        "Profile fields of the site's own: text, menu, date, checkbox",
        "user_info_field 1-4",
        "-",
        None,
        "SELECT id FROM mdl_user_info_field",
        4,
    ),
)

PLUGIN_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Column of a local plugin that holds data",
        "user 20-31 (local_costcentre)",
        "SRC-UNKNOWN-COLUMN",
        plant_unknown_column,
        "SELECT id FROM mdl_user WHERE local_costcentre IS NOT NULL",
        12,
    ),
    Fault(
        "Table of a local plugin that holds data",
        "local_mentoring 1-5",
        "LOSS-UNDECLARED",
        plant_plugin_table,
        "SELECT id FROM mdl_local_mentoring",
        5,
    ),
)
