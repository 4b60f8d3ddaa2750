"""Badges, certificates and competencies of the ordinary site."""

from __future__ import annotations

import hashlib

from moodle_sample.clock import DAY, NOW, madrid
from moodle_sample.courses import by_shortname
from moodle_sample.people import PEOPLE
from moodle_sample.site import SYSTEM, USER, Site


def add_competencies(site: Site) -> None:
    rng = site.random
    made = madrid(2023, 2, 6, 9)
    times = {"timecreated": made, "timemodified": made, "usermodified": 2}
    steps = '[{"scaleid":"1"},{"id":2,"scaledefault":1,"proficient":1}]'
    framework = site.add(
        "competency_framework",
        shortname="Laboratory skills",
        contextid=site.context(SYSTEM, 0),
        idnumber="LABSKILLS",
        description="",
        descriptionformat=1,
        scaleid=1,
        scaleconfiguration=steps,
        taxonomies="competency,competency,competency,competency",
        **times,
    )
    for order, name in enumerate(("Pipetting", "Microscopy", "Waste disposal"), 1):
        competency = site.add(
            "competency",
            shortname=name,
            description="",
            descriptionformat=1,
            idnumber=f"LAB-{order}",
            competencyframeworkid=framework,
            path="/0/",
            sortorder=order - 1,
            **times,
        )
        for user in sorted(rng.sample(PEOPLE, 12)):
            rated = made + rng.randrange(10, 400) * DAY
            proficient = 1 if site.chance(0.7) else 0
            rating = {"timecreated": rated, "timemodified": rated, "usermodified": 2}
            held = site.add(
                "competency_usercomp",
                userid=user,
                competencyid=competency,
                proficiency=proficient,
                grade=1 + proficient,
                **rating,
            )
            site.add(
                "competency_evidence",
                usercompetencyid=held,
                contextid=site.context(USER, user),
                action=2,
                actionuserid=2,
                descidentifier="evidence_manualoverride",
                desccomponent="core_competency",
                grade=1 + proficient,
                **rating,
            )


def add_awards(site: Site) -> None:
    rng = site.random
    made = madrid(2023, 10, 2, 9)
    lab = by_shortname(site)["SAFETY-LAB"]
    for name, course, lasts in (
        ("Safe in the laboratory", lab, 2 * 365 * DAY),
        ("Welcome aboard", None, None),
        ("Peer tutor", None, None),
        ("Colleague of the year", None, None),
    ):
        badge = site.add(
            "badge",
            name=name,
            description=f"For people who earned it: {name.lower()}.",
            timecreated=made,
            timemodified=made,
            usercreated=2,
            usermodified=2,
            issuername="Sample Institute",
            issuerurl="https://lms.example.org",
            issuercontact="badges@example.org",
            expireperiod=lasts,
            type=2 if course else 1,
            courseid=course,
            message="<p>You have a new badge.</p>",
            messagesubject="A new badge",
            status=3 if name != "Colleague of the year" else 0,
            version="1",
            language="en",
        )
        holders = site.people_of(lab) if course else sorted(rng.sample(PEOPLE, 35))
        for user in holders if name != "Colleague of the year" else ():
            issued = made + rng.randrange(1, 500) * DAY
            site.add(
                "badge_issued",
                badgeid=badge,
                userid=user,
                uniquehash=hashlib.sha1(f"{badge}/{user}".encode(), usedforsecurity=False).hexdigest(),
                dateissued=issued,
                dateexpire=issued + lasts if lasts else None,
                visible=1,
            )
    for certificate in site.all("customcert"):
        for user in site.people_of(certificate["course"]):
            if site.chance(0.45):
                site.add(
                    "customcert_issues",
                    userid=user,
                    customcertid=certificate["id"],
                    code=hashlib.sha1(f"{certificate['id']}-{user}".encode(), usedforsecurity=False).hexdigest()[:10],
                    emailed=1,
                    timecreated=NOW - rng.randrange(20, 500) * DAY,
                )
