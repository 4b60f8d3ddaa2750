"""Activities of the ordinary courses, with attempts and submissions."""

from __future__ import annotations

from typing import Any

from moodle_sample.clock import DAY, NOW, madrid
from moodle_sample.site import MODULE, SITE_COURSE, Site

ELEMENTS = (
    "x.start.time",
    "cmi.core.lesson_status",
    "cmi.core.score.raw",
    "cmi.core.total_time",
    "cmi.suspend_data",
)


def add_module(site: Site, course: int, kind: str, instance: int, section: int, **values: Any) -> int:
    """Put an activity into a section of its course. Returns the course module's id."""
    module = next(row["id"] for row in site.all("modules") if row["name"] == kind)
    place = next(row for row in site.all("course_sections") if row["course"] == course and row["section"] == section)
    added = site.get("course", course)["timecreated"] + 2 * DAY
    number = site.add(
        "course_modules",
        **{
            "course": course,
            "module": module,
            "instance": instance,
            "section": place["id"],
            "idnumber": "",
            "added": added,
            **values,
        },
    )
    place["sequence"] = ",".join(filter(None, (place["sequence"], str(number))))
    site.context(MODULE, number)
    return number


def add_activities(site: Site) -> None:
    for name in ("assign", "customcert", "forum", "page", "quiz", "scorm"):
        site.add("modules", name=name)
    for course in site.all("course"):
        number, made = course["id"], course["timecreated"] + 2 * DAY
        if number == SITE_COURSE:
            continue
        tracked = {"completion": 2, "completionview": 1} if course["enablecompletion"] else {}
        if course["enddate"] != madrid(2019, 9, 1):
            quiz = site.add(
                "quiz",
                course=number,
                name=f"Final test {course['shortname']}",
                intro="<p>Three attempts.</p>",
                introformat=1,
                timeclose=course["enddate"],
                preferredbehaviour="deferredfeedback",
                attempts=3,
                grademethod=1 + number % 4,
                sumgrades=20.0,
                grade=100.0 if number % 3 else 10.0,
                timecreated=made,
                timemodified=made,
            )
            add_module(site, number, "quiz", quiz, 2, completiongradeitemnumber=0, **tracked)
        if number % 3 == 0 or course["category"] in (8, 12):
            scorm = site.add(
                "scorm",
                course=number,
                name=f"Module {course['shortname']}",
                reference="module.zip",
                intro="",
                introformat=1,
                version="SCORM_1.2" if number % 2 else "SCORM_1.3",
                maxgrade=100.0,
                grademethod=1,
                maxattempt=0,
                timemodified=made,
            )
            for order, kind in enumerate(("", "sco", "sco")):
                site.add(
                    "scorm_scoes",
                    scorm=scorm,
                    manifest="MANIFEST",
                    organization="ORG" if order else "",
                    parent="ORG" if order else "/",
                    identifier=f"ITEM_{order}" if order else "ORG",
                    launch=f"part{order}.html" if order else "",
                    scormtype=kind,
                    title=f"Part {order}" if order else "All parts",
                    sortorder=order,
                )
            add_module(site, number, "scorm", scorm, 1, **tracked)
        if number % 3 == 1:
            assignment = site.add(
                "assign",
                course=number,
                name=f"Report {course['shortname']}",
                intro="<p>Two pages.</p>",
                introformat=1,
                duedate=course["startdate"] + 60 * DAY if course["startdate"] else 0,
                grade=100 if number % 2 else -2,
                maxattempts=1,
                timemodified=made,
            )
            add_module(site, number, "assign", assignment, 2, **tracked)
        if course["category"] in (8, 12):
            certificate = site.add(
                "customcert",
                course=number,
                templateid=number,
                name="Certificate of attendance",
                intro="",
                introformat=1,
                timecreated=made,
                timemodified=made,
            )
            hidden = {"visible": 0} if number % 5 == 0 else {}
            add_module(site, number, "customcert", certificate, 3, **tracked, **hidden)
    for element in ELEMENTS:
        site.add("scorm_element", element=element)


def add_attempts(site: Site) -> None:
    rng = site.random
    for quiz in site.all("quiz"):
        began = max(site.get("course", quiz["course"])["startdate"], madrid(2022, 9, 1))
        for user in site.people_of(quiz["course"]):
            if not site.chance(0.5):
                continue
            best = 0.0
            for attempt in range(1, rng.choice((1, 1, 2)) + 1):
                start = min(began + rng.randrange(20 * DAY, 110 * DAY), NOW - 3 * DAY)
                state = rng.choice(("finished",) * 12 + ("inprogress", "abandoned"))
                finish = start + rng.randrange(600, 3600) if state == "finished" else 0
                marks = round(rng.uniform(4, 20), 5) if state == "finished" else None
                if marks is not None and site.chance(0.02):
                    marks = None  # an essay that nobody has marked yet
                best = max(best, marks or 0.0)
                unique = len(site.rows["quiz_attempts"]) + 1
                site.add(
                    "quiz_attempts",
                    quiz=quiz["id"],
                    userid=user,
                    attempt=attempt,
                    uniqueid=unique,
                    layout="1,2,0,3,4,0",
                    state=state,
                    timestart=start,
                    timefinish=finish,
                    timemodified=finish or start + 300,
                    sumgrades=marks,
                )
            if best:
                scaled = round(best * quiz["grade"] / quiz["sumgrades"], 5)
                site.add("quiz_grades", quiz=quiz["id"], userid=user, grade=scaled, timemodified=start + 3600)
        for teacher in site.people_of(quiz["course"], role="editingteacher")[:1]:
            if quiz["id"] % 5 == 0:
                site.add(
                    "quiz_attempts",
                    quiz=quiz["id"],
                    userid=teacher,
                    attempt=1,
                    uniqueid=len(site.rows["quiz_attempts"]) + 1,
                    layout="1,2,0",
                    preview=1,
                    timestart=began,
                    timemodified=began,
                )
    for scorm in site.all("scorm"):
        scoes = [row["id"] for row in site.all("scorm_scoes") if row["scorm"] == scorm["id"] and row["scormtype"]]
        for user in site.people_of(scorm["course"]):
            if not site.chance(0.45):
                continue
            attempt_id = site.add("scorm_attempt", userid=user, scormid=scorm["id"])
            start = NOW - rng.randrange(30 * DAY, 400 * DAY)
            done = site.chance(0.8)
            values = (
                str(start),
                "completed" if done else "incomplete",
                str(rng.randrange(40, 101)) if done else "",
                f"00:{rng.randrange(5, 55):02d}:00",
            )
            for sco in scoes[: 2 if done else 1]:
                for element, value in enumerate(values, 1):
                    if value:
                        site.add(
                            "scorm_scoes_value",
                            scoid=sco,
                            attemptid=attempt_id,
                            elementid=element,
                            value=value,
                            timemodified=start + element * 60,
                        )


def add_submissions(site: Site) -> None:
    rng = site.random
    for assignment in site.all("assign"):
        began = max(site.get("course", assignment["course"])["startdate"], madrid(2022, 9, 1))
        for user in site.people_of(assignment["course"]):
            if not site.chance(0.6):
                continue
            opened = min(began + rng.randrange(20 * DAY, 70 * DAY), NOW - 9 * DAY)
            status = rng.choice(("submitted",) * 8 + ("draft", "new"))
            site.add(
                "assign_submission",
                assignment=assignment["id"],
                userid=user,
                timecreated=opened,
                timemodified=opened + (DAY if status != "new" else 0),
                status=status,
                latest=1,
            )
            if status == "submitted":
                highest = assignment["grade"]
                value = rng.uniform(40, highest) if highest > 0 else rng.randrange(1, 5)
                site.add(
                    "assign_grades",
                    assignment=assignment["id"],
                    userid=user,
                    timecreated=opened + 3 * DAY,
                    timemodified=opened + 3 * DAY,
                    grader=2,
                    grade=-1.0 if site.chance(0.1) else round(float(value), 5),
                )
