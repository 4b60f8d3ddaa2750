"""Write a small Moodle 4.5 database, as SQLite, with faults planted where :data:`FAULTS` says.

    python sample_data/generate_moodle.py moodle.sqlite
    python sample_data/generate_moodle.py --list > sample_data/moodle.md
    python sample_data/generate_moodle.py --list-history > sample_data/moodle_history.md
    python sample_data/generate_moodle.py --list-grades > sample_data/moodle_grades.md

Nothing in it is real: people are made from lists of given and family names, every address ends in
example.org, and every IP address comes from the range kept for documentation. Two runs give the same content.

Tables and columns have Moodle's own names, types, defaults and unique keys; only the tables a migration
reads are there. The ordinary site is built first, then each fault is planted by a function of its own.
Planted rows have ids from 901 (people) and 101 (courses, groups) upwards, so that a finding is easily told
from the ordinary site.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import planted

SEED = 20250613
PREFIX = "mdl_"

Row = dict[str, Any]

# ----------------------------------------------------------------------------------------------------
# The schema. One column is `name type[?] [default]`; `?` marks a column that may be NULL.
# Display widths of integers are left out: they limit nothing.
# ----------------------------------------------------------------------------------------------------

SCHEMA: dict[str, str] = {
    "config": """
        id bigint; name varchar(255) ''; value longtext
    """,
    "user": """
        id bigint; auth varchar(20) 'manual'; confirmed tinyint 0; policyagreed tinyint 0;
        deleted tinyint 0; suspended tinyint 0; mnethostid bigint 0; username varchar(100) '';
        password varchar(255) ''; idnumber varchar(255) ''; firstname varchar(100) '';
        lastname varchar(100) ''; email varchar(100) ''; emailstop tinyint 0; phone1 varchar(20) '';
        phone2 varchar(20) ''; institution varchar(255) ''; department varchar(255) '';
        address varchar(255) ''; city varchar(120) ''; country varchar(2) ''; lang varchar(30) 'en';
        calendartype varchar(30) 'gregorian'; theme varchar(50) ''; timezone varchar(100) '99';
        firstaccess bigint 0; lastaccess bigint 0; lastlogin bigint 0;
        currentlogin bigint 0; lastip varchar(45) ''; secret varchar(15) ''; picture bigint 0;
        description longtext?; descriptionformat tinyint 1; mailformat tinyint 1;
        maildigest tinyint 0; maildisplay tinyint 2; autosubscribe tinyint 1;
        trackforums tinyint 0; timecreated bigint 0; timemodified bigint 0;
        trustbitmask bigint 0; imagealt varchar(255)?; lastnamephonetic varchar(255)?;
        firstnamephonetic varchar(255)?; middlename varchar(255)?; alternatename varchar(255)?;
        moodlenetprofile varchar(255)?
    """,
    "user_info_category": """
        id bigint; name varchar(255) ''; sortorder bigint 0
    """,
    "user_info_field": """
        id bigint; shortname varchar(255) 'shortname'; name longtext; datatype varchar(255) '';
        description longtext?; descriptionformat tinyint 0; categoryid bigint 0;
        sortorder bigint 0; required tinyint 0; locked tinyint 0; visible smallint 0;
        forceunique tinyint 0; signup tinyint 0; defaultdata longtext?;
        defaultdataformat tinyint 0; param1 longtext?; param2 longtext?; param3 longtext?;
        param4 longtext?; param5 longtext?
    """,
    "user_info_data": """
        id bigint; userid bigint 0; fieldid bigint 0; data longtext; dataformat tinyint 0
    """,
    "user_preferences": """
        id bigint; userid bigint 0; name varchar(255) ''; value varchar(1333) ''
    """,
    "user_lastaccess": """
        id bigint; userid bigint 0; courseid bigint 0; timeaccess bigint 0
    """,
    "role": """
        id bigint; name varchar(255) ''; shortname varchar(100) ''; description longtext;
        sortorder bigint 0; archetype varchar(30) ''
    """,
    "role_names": """
        id bigint; roleid bigint 0; contextid bigint 0; name varchar(255) ''
    """,
    "context": """
        id bigint; contextlevel bigint 0; instanceid bigint 0; path varchar(255)?;
        depth tinyint 0; locked tinyint 0
    """,
    "role_assignments": """
        id bigint; roleid bigint 0; contextid bigint 0; userid bigint 0;
        timemodified bigint 0; modifierid bigint 0; component varchar(100) ''; itemid bigint 0;
        sortorder bigint 0
    """,
    "course_categories": """
        id bigint; name varchar(255) ''; idnumber varchar(100)?; description longtext?;
        descriptionformat tinyint 0; parent bigint 0; sortorder bigint 0;
        coursecount bigint 0; visible tinyint 1; visibleold tinyint 1; timemodified bigint 0;
        depth bigint 0; path varchar(255) ''; theme varchar(50)?
    """,
    "course": """
        id bigint; category bigint 0; sortorder bigint 0; fullname varchar(254) '';
        shortname varchar(255) ''; idnumber varchar(100) ''; summary longtext?; summaryformat tinyint 0;
        format varchar(21) 'topics'; showgrades tinyint 1; newsitems mediumint 1;
        startdate bigint 0; enddate bigint 0; relativedatesmode tinyint 0; marker bigint 0;
        maxbytes bigint 0; legacyfiles smallint 0; showreports smallint 0; visible tinyint 1;
        visibleold tinyint 1; downloadcontent tinyint?; groupmode smallint 0;
        groupmodeforce smallint 0; defaultgroupingid bigint 0; lang varchar(30) '';
        calendartype varchar(30) ''; theme varchar(50) ''; timecreated bigint 0;
        timemodified bigint 0; requested tinyint 0; enablecompletion tinyint 0;
        completionnotify tinyint 0; cacherev bigint 0; originalcourseid bigint?;
        showactivitydates tinyint 0; showcompletionconditions tinyint?; pdfexportfont varchar(50)?
    """,
    "course_sections": """
        id bigint; course bigint 0; section bigint 0; name varchar(255)?; summary longtext?;
        summaryformat tinyint 0; sequence longtext?; visible tinyint 1; availability longtext?;
        component varchar(100)?; itemid bigint?; timemodified bigint 0
    """,
    "modules": """
        id bigint; name varchar(20) ''; cron bigint 0; lastcron bigint 0;
        search varchar(255) ''; visible tinyint 1
    """,
    "course_modules": """
        id bigint; course bigint 0; module bigint 0; instance bigint 0;
        section bigint 0; idnumber varchar(100)?; added bigint 0; score smallint 0;
        indent mediumint 0; visible tinyint 1; visibleoncoursepage tinyint 1;
        visibleold tinyint 1; groupmode smallint 0; groupingid bigint 0; completion tinyint 0;
        completiongradeitemnumber bigint?; completionview tinyint 0; completionexpected bigint 0;
        completionpassgrade tinyint 0; showdescription tinyint 0; availability longtext?;
        deletioninprogress tinyint 0; downloadcontent tinyint? 1; lang varchar(30)?
    """,
    "enrol": """
        id bigint; enrol varchar(20) ''; status bigint 0; courseid bigint;
        sortorder bigint 0; name varchar(255)?; enrolperiod bigint? 0; enrolstartdate bigint? 0;
        enrolenddate bigint? 0; expirynotify tinyint? 0; expirythreshold bigint? 0;
        notifyall tinyint? 0; password varchar(50)?; cost varchar(20)?; currency varchar(3)?;
        roleid bigint? 0; customint1 bigint?; customint2 bigint?; customint3 bigint?;
        customint4 bigint?; customint5 bigint?; customint6 bigint?; customint7 bigint?;
        customint8 bigint?; customchar1 varchar(255)?; customchar2 varchar(255)?;
        customchar3 varchar(1333)?; customdec1 decimal(12,7)?; customdec2 decimal(12,7)?;
        customtext1 longtext?; customtext2 longtext?; customtext3 longtext?; customtext4 longtext?;
        timecreated bigint 0; timemodified bigint 0
    """,
    "user_enrolments": """
        id bigint; status bigint 0; enrolid bigint; userid bigint; timestart bigint 0;
        timeend bigint 2147483647; modifierid bigint 0; timecreated bigint 0;
        timemodified bigint 0
    """,
    "groups": """
        id bigint; courseid bigint; idnumber varchar(100) ''; name varchar(254) '';
        description longtext?; descriptionformat tinyint 0; enrolmentkey varchar(50)?;
        picture bigint 0; visibility tinyint 0; participation tinyint 1; timecreated bigint 0;
        timemodified bigint 0
    """,
    "groups_members": """
        id bigint; groupid bigint 0; userid bigint 0; timeadded bigint 0;
        component varchar(100) ''; itemid bigint 0
    """,
    "groupings": """
        id bigint; courseid bigint 0; name varchar(255) ''; idnumber varchar(100) '';
        description longtext?; descriptionformat tinyint 0; configdata longtext?;
        timecreated bigint 0; timemodified bigint 0
    """,
    "groupings_groups": """
        id bigint; groupingid bigint 0; groupid bigint 0; timeadded bigint 0
    """,
    "cohort": """
        id bigint; contextid bigint; name varchar(254) ''; idnumber varchar(100)?;
        description longtext?; descriptionformat tinyint; visible tinyint 1;
        component varchar(100) ''; timecreated bigint; timemodified bigint; theme varchar(50)?
    """,
    "cohort_members": """
        id bigint; cohortid bigint 0; userid bigint 0; timeadded bigint 0
    """,
    "grade_categories": """
        id bigint; courseid bigint; parent bigint?; depth bigint 0; path varchar(255)?;
        fullname varchar(255) ''; aggregation bigint 0; keephigh bigint 0; droplow bigint 0;
        aggregateonlygraded tinyint 0; aggregateoutcomes tinyint 0; timecreated bigint;
        timemodified bigint; hidden bigint 0
    """,
    "grade_items": """
        id bigint; courseid bigint?; categoryid bigint?; itemname varchar(255)?;
        itemtype varchar(30) ''; itemmodule varchar(30)?; iteminstance bigint?; itemnumber bigint?;
        iteminfo longtext?; idnumber varchar(255)?; calculation longtext?; gradetype smallint 1;
        grademax decimal(10,5) 100.00000; grademin decimal(10,5) 0.00000; scaleid bigint?;
        outcomeid bigint?; gradepass decimal(10,5) 0.00000; multfactor decimal(10,5) 1.00000;
        plusfactor decimal(10,5) 0.00000; aggregationcoef decimal(10,5) 0.00000;
        aggregationcoef2 decimal(10,5) 0.00000; sortorder bigint 0; display bigint 0;
        decimals tinyint?; hidden bigint 0; locked bigint 0; locktime bigint 0;
        needsupdate bigint 0; weightoverride tinyint 0; timecreated bigint?;
        timemodified bigint?
    """,
    "grade_grades": """
        id bigint; itemid bigint; userid bigint; rawgrade decimal(10,5)?;
        rawgrademax decimal(10,5) 100.00000; rawgrademin decimal(10,5) 0.00000; rawscaleid bigint?;
        usermodified bigint?; finalgrade decimal(10,5)?; hidden bigint 0; locked bigint 0;
        locktime bigint 0; exported bigint 0; overridden bigint 0; excluded bigint 0;
        feedback longtext?; feedbackformat bigint 0; information longtext?;
        informationformat bigint 0; timecreated bigint?; timemodified bigint?;
        aggregationstatus varchar(10) 'unknown'; aggregationweight decimal(10,5)?
    """,
    "grade_grades_history": """
        id bigint; action bigint 0; oldid bigint; source varchar(255)?;
        timemodified bigint?; loggeduser bigint?; itemid bigint; userid bigint;
        rawgrade decimal(10,5)?; rawgrademax decimal(10,5) 100.00000; rawgrademin decimal(10,5) 0.00000;
        rawscaleid bigint?; usermodified bigint?; finalgrade decimal(10,5)?; hidden bigint 0;
        locked bigint 0; locktime bigint 0; exported bigint 0; overridden bigint 0;
        excluded bigint 0; feedback longtext?; feedbackformat bigint 0; information longtext?;
        informationformat bigint 0
    """,
    "course_completions": """
        id bigint; userid bigint 0; course bigint 0; timeenrolled bigint 0;
        timestarted bigint 0; timecompleted bigint?; reaggregate bigint 0
    """,
    "course_completion_criteria": """
        id bigint; course bigint 0; criteriatype bigint 0; module varchar(100)?;
        moduleinstance bigint?; courseinstance bigint?; enrolperiod bigint?;
        timeend bigint?; gradepass decimal(10,5)?; role bigint?
    """,
    "course_modules_completion": """
        id bigint; coursemoduleid bigint; userid bigint; completionstate tinyint;
        overrideby bigint?; timemodified bigint
    """,
    "course_modules_viewed": """
        id bigint; coursemoduleid bigint; userid bigint; timecreated bigint
    """,
    "quiz": """
        id bigint; course bigint 0; name varchar(255) ''; intro longtext; introformat smallint 0;
        timeopen bigint 0; timeclose bigint 0; timelimit bigint 0;
        overduehandling varchar(16) 'autoabandon'; graceperiod bigint 0;
        preferredbehaviour varchar(32) ''; canredoquestions smallint 0; attempts mediumint 0;
        attemptonlast smallint 0; grademethod smallint 1; decimalpoints smallint 2;
        questiondecimalpoints smallint -1; reviewattempt mediumint 0;
        reviewcorrectness mediumint 0; reviewmaxmarks mediumint 0; reviewmarks mediumint 0;
        reviewspecificfeedback mediumint 0; reviewgeneralfeedback mediumint 0;
        reviewrightanswer mediumint 0; reviewoverallfeedback mediumint 0;
        questionsperpage bigint 0; navmethod varchar(16) 'free'; shuffleanswers smallint 0;
        sumgrades decimal(10,5) 0.00000; grade decimal(10,5) 0.00000; timecreated bigint 0;
        timemodified bigint 0; password varchar(255) ''; subnet varchar(255) '';
        browsersecurity varchar(32) ''; delay1 bigint 0; delay2 bigint 0;
        showuserpicture smallint 0; showblocks smallint 0; completionattemptsexhausted tinyint? 0;
        completionminattempts bigint 0; allowofflineattempts tinyint? 0
    """,
    "quiz_attempts": """
        id bigint; quiz bigint 0; userid bigint 0; attempt mediumint 0;
        uniqueid bigint 0; layout longtext; currentpage bigint 0; preview smallint 0;
        state varchar(16) 'inprogress'; timestart bigint 0; timefinish bigint 0;
        timemodified bigint 0; timemodifiedoffline bigint 0; timecheckstate bigint? 0;
        sumgrades decimal(10,5)?; gradednotificationsenttime bigint?
    """,
    "quiz_grades": """
        id bigint; quiz bigint 0; userid bigint 0; grade decimal(10,5) 0.00000;
        timemodified bigint 0
    """,
    "scorm": """
        id bigint; course bigint 0; name varchar(255) ''; scormtype varchar(50) 'local';
        reference varchar(255) ''; intro longtext; introformat smallint 0; version varchar(9) '';
        maxgrade double 0; grademethod tinyint 0; whatgrade bigint 0; maxattempt bigint 1;
        forcecompleted tinyint 0; forcenewattempt tinyint 0; lastattemptlock tinyint 0;
        masteryoverride tinyint 1; displayattemptstatus tinyint 1;
        displaycoursestructure tinyint 0; updatefreq tinyint 0; sha1hash varchar(40)?;
        md5hash varchar(32) ''; revision bigint 0; launch bigint 0; skipview tinyint 1;
        hidebrowse tinyint 0; hidetoc tinyint 0; nav tinyint 1; navpositionleft bigint? -100;
        navpositiontop bigint? -100; auto tinyint 0; popup tinyint 0; options varchar(255) '';
        width bigint 100; height bigint 600; timeopen bigint 0; timeclose bigint 0;
        timemodified bigint 0; completionstatusrequired tinyint?;
        completionscorerequired bigint?; completionstatusallscos tinyint?; autocommit tinyint 0
    """,
    "scorm_attempt": """
        id bigint; userid bigint; scormid bigint; attempt bigint 1
    """,
    "scorm_element": """
        id bigint; element varchar(255) ''
    """,
    "scorm_scoes": """
        id bigint; scorm bigint 0; manifest varchar(255) ''; organization varchar(255) '';
        parent varchar(255) ''; identifier varchar(255) ''; launch longtext; scormtype varchar(5) '';
        title varchar(255) ''; sortorder bigint 0
    """,
    "scorm_scoes_value": """
        id bigint; scoid bigint; attemptid bigint; elementid bigint; value longtext;
        timemodified bigint 0
    """,
    "badge": """
        id bigint; name varchar(255) ''; description longtext?; timecreated bigint 0;
        timemodified bigint 0; usercreated bigint; usermodified bigint;
        issuername varchar(255) ''; issuerurl varchar(255) ''; issuercontact varchar(255)?;
        expiredate bigint?; expireperiod bigint?; type tinyint 1; courseid bigint?;
        message longtext; messagesubject longtext; attachment tinyint 1; notification tinyint 1;
        status tinyint 0; nextcron bigint?; version varchar(255)?; language varchar(255)?;
        imageauthorname varchar(255)?; imageauthoremail varchar(255)?; imageauthorurl varchar(255)?;
        imagecaption longtext?
    """,
    "badge_issued": """
        id bigint; badgeid bigint 0; userid bigint 0; uniquehash longtext;
        dateissued bigint 0; dateexpire bigint?; visible tinyint 0; issuernotified bigint?
    """,
    "customfield_category": """
        id bigint; name varchar(400) ''; description longtext?; descriptionformat bigint?;
        sortorder bigint?; timecreated bigint; timemodified bigint; component varchar(100) '';
        area varchar(100) ''; itemid bigint 0; contextid bigint?
    """,
    "customfield_field": """
        id bigint; shortname varchar(100) ''; name varchar(400) ''; type varchar(100) '';
        description longtext?; descriptionformat bigint?; sortorder bigint?; categoryid bigint?;
        configdata longtext?; timecreated bigint; timemodified bigint
    """,
    "customfield_data": """
        id bigint; fieldid bigint; instanceid bigint; intvalue bigint?;
        decvalue decimal(10,5)?; shortcharvalue varchar(255)?; charvalue varchar(1333)?; value longtext;
        valueformat bigint; valuetrust tinyint 0; timecreated bigint; timemodified bigint;
        contextid bigint?
    """,
    "scale": """
        id bigint; courseid bigint 0; userid bigint 0; name varchar(255) ''; scale longtext;
        description longtext; descriptionformat tinyint 0; timemodified bigint 0
    """,
    "customcert": """
        id bigint; course bigint 0; templateid bigint 0; name varchar(255) ''; intro longtext?;
        introformat smallint 0; requiredtime bigint 0; verifyany tinyint 0;
        deliveryoption varchar(255)?; usecustomfilename tinyint 0; customfilenamepattern longtext?;
        emailstudents tinyint 0; emailteachers tinyint 0; emailothers longtext?;
        protection varchar(255) ''; language varchar(20)?; timecreated bigint 0;
        timemodified bigint 0
    """,
    "customcert_issues": """
        id bigint; userid bigint 0; customcertid bigint 0; code varchar(40)?;
        emailed tinyint 0; timecreated bigint 0
    """,
    "grade_letters": """
        id bigint; contextid bigint; lowerboundary decimal(10,5); letter varchar(255) ''
    """,
    "course_completion_aggr_methd": """
        id bigint; course bigint 0; criteriatype bigint?; method tinyint 0;
        value decimal(10,5)?
    """,
    "course_completion_crit_compl": """
        id bigint; userid bigint 0; course bigint 0; criteriaid bigint 0;
        gradefinal decimal(10,5)?; unenroled bigint?; timecompleted bigint?
    """,
    "assign": """
        id bigint; course bigint 0; name varchar(255) ''; intro longtext; introformat smallint 0;
        alwaysshowdescription tinyint 0; nosubmissions tinyint 0; submissiondrafts tinyint 0;
        sendnotifications tinyint 0; sendlatenotifications tinyint 0; duedate bigint 0;
        allowsubmissionsfromdate bigint 0; grade bigint 0; timemodified bigint 0;
        requiresubmissionstatement tinyint 0; completionsubmit tinyint 0; cutoffdate bigint 0;
        gradingduedate bigint 0; teamsubmission tinyint 0; requireallteammemberssubmit tinyint 0;
        teamsubmissiongroupingid bigint 0; blindmarking tinyint 0; hidegrader tinyint 0;
        revealidentities tinyint 0; attemptreopenmethod varchar(10) 'untilpass';
        maxattempts mediumint 1; markingworkflow tinyint 0; markingallocation tinyint 0;
        markinganonymous tinyint 0; sendstudentnotifications tinyint 1;
        preventsubmissionnotingroup tinyint 0; activity longtext?; activityformat smallint 0;
        timelimit bigint 0; submissionattachments tinyint 0
    """,
    "assign_submission": """
        id bigint; assignment bigint 0; userid bigint 0; timecreated bigint 0;
        timemodified bigint 0; timestarted bigint?; status varchar(10)?; groupid bigint 0;
        attemptnumber bigint 0; latest tinyint 0
    """,
    "assign_grades": """
        id bigint; assignment bigint 0; userid bigint 0; timecreated bigint 0;
        timemodified bigint 0; grader bigint 0; grade decimal(10,5)? 0.00000;
        attemptnumber bigint 0
    """,
    "competency_framework": """
        id bigint; shortname varchar(100)?; contextid bigint; idnumber varchar(100)?;
        description longtext?; descriptionformat smallint 0; scaleid bigint?;
        scaleconfiguration longtext; visible tinyint 1; taxonomies varchar(255) '';
        timecreated bigint; timemodified bigint; usermodified bigint?
    """,
    "competency": """
        id bigint; shortname varchar(100)?; description longtext?; descriptionformat smallint 0;
        idnumber varchar(100)?; competencyframeworkid bigint; parentid bigint 0;
        path varchar(255) ''; sortorder bigint; ruletype varchar(100)?; ruleoutcome tinyint 0;
        ruleconfig longtext?; scaleid bigint?; scaleconfiguration longtext?; timecreated bigint;
        timemodified bigint; usermodified bigint?
    """,
    "competency_usercomp": """
        id bigint; userid bigint; competencyid bigint; status tinyint 0;
        reviewerid bigint?; proficiency tinyint?; grade bigint?; timecreated bigint;
        timemodified bigint?; usermodified bigint
    """,
    "competency_evidence": """
        id bigint; usercompetencyid bigint; contextid bigint; action tinyint;
        actionuserid bigint?; descidentifier varchar(255) ''; desccomponent varchar(255) '';
        desca longtext?; url varchar(255)?; grade bigint?; note longtext?; timecreated bigint;
        timemodified bigint; usermodified bigint
    """,
    "logstore_standard_log": """
        id bigint; eventname varchar(255) ''; component varchar(100) ''; action varchar(100) '';
        target varchar(100) ''; objecttable varchar(50)?; objectid bigint?; crud varchar(1) '';
        edulevel tinyint; contextid bigint; contextlevel bigint;
        contextinstanceid bigint; userid bigint; courseid bigint?;
        relateduserid bigint?; anonymous tinyint 0; other longtext?; timecreated bigint;
        origin varchar(10)?; ip varchar(45)?; realuserid bigint?
    """,
    "sessions": """
        id bigint; state bigint 0; sid varchar(128) ''; userid bigint; sessdata longtext?;
        timecreated bigint; timemodified bigint; firstip varchar(45)?; lastip varchar(45)?
    """,
    "cache_flags": """
        id bigint; flagtype varchar(255) ''; name varchar(255) ''; timemodified bigint 0;
        value longtext; expiry bigint
    """,
    "local_mentoring": """
        id bigint; mentorid bigint 0; menteeid bigint 0; notes longtext?;
        timecreated bigint 0
    """,
}

PLUGIN_COLUMNS: dict[str, str] = {"user": "local_costcentre varchar(40)?"}
"""Columns that local plugins added to core tables."""

UNIQUE: dict[str, tuple[str, ...]] = {
    "config": ("name",),
    "user": ("mnethostid", "username"),
    "user_info_data": ("userid", "fieldid"),
    "user_preferences": ("userid", "name"),
    "user_lastaccess": ("userid", "courseid"),
    "role": ("shortname",),
    "role_names": ("roleid", "contextid"),
    "context": ("contextlevel", "instanceid"),
    "course_sections": ("course", "section"),
    "user_enrolments": ("enrolid", "userid"),
    "groups_members": ("userid", "groupid"),
    "cohort_members": ("cohortid", "userid"),
    "grade_grades": ("userid", "itemid"),
    "course_completions": ("userid", "course"),
    "course_modules_completion": ("userid", "coursemoduleid"),
    "course_modules_viewed": ("userid", "coursemoduleid"),
    "quiz_attempts": ("quiz", "userid", "attempt"),
    "scorm_element": ("element",),
    "badge_issued": ("badgeid", "userid"),
    "grade_letters": ("contextid", "lowerboundary", "letter"),
    "course_completion_aggr_methd": ("course", "criteriatype"),
    "course_completion_crit_compl": ("userid", "course", "criteriaid"),
    "assign_submission": ("assignment", "userid", "groupid", "attemptnumber"),
    "assign_grades": ("assignment", "userid", "attemptnumber"),
    "competency_framework": ("idnumber",),
    "competency": ("competencyframeworkid", "idnumber"),
    "competency_usercomp": ("userid", "competencyid"),
    "customfield_data": ("instanceid", "fieldid"),
}

EMPTY_TABLES = ("logstore_standard_log", "sessions", "cache_flags")
"""Log and cache tables: every site has them, no migration takes them."""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    nullable: bool
    default: str | None

    @property
    def value(self) -> Any:
        """What a row holds here when nothing else is said."""
        if self.default is None:
            if self.nullable:
                return None
            raise KeyError(self.name)
        if self.default.startswith("'"):
            return self.default[1:-1]
        return float(self.default) if "." in self.default else int(self.default)

    def ddl(self) -> str:
        parts = [f'"{self.name}"', self.type.upper()]
        if not self.nullable:
            parts.append("NOT NULL")
        if self.name == "id":
            parts.append("PRIMARY KEY")
        if self.default is not None:
            parts.append(f"DEFAULT {self.default}")
        return " ".join(parts)


def columns_of(table: str) -> dict[str, Column]:
    """The columns of a table in their order."""
    listed = SCHEMA[table]
    if table in PLUGIN_COLUMNS:
        listed += "; " + PLUGIN_COLUMNS[table]
    found: dict[str, Column] = {}
    for item in listed.split(";"):
        name, kind, *rest = item.split()
        found[name] = Column(name, kind.rstrip("?"), kind.endswith("?"), rest[0] if rest else None)
    return found


# ----------------------------------------------------------------------------------------------------
# Time. Moodle stores UTC seconds; this site thinks in Madrid's clock.
# ----------------------------------------------------------------------------------------------------

HOUR = 3600
DAY = 24 * HOUR


def madrid(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """UTC seconds of a moment on Madrid's clocks (summer time: last Sunday of March to that of October)."""
    local = datetime(year, month, day, hour, minute)
    summer = _last_sunday(year, 3) + timedelta(hours=2) <= local < _last_sunday(year, 10) + timedelta(hours=3)
    return int((local - timedelta(hours=2 if summer else 1)).replace(tzinfo=UTC).timestamp())


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31)  # March and October have 31 days
    return last - timedelta(days=(last.weekday() + 1) % 7)


NOW = madrid(2025, 6, 16, 9)
"""When the copy of the site was taken."""

NO_END = 2147483647
OUT_OF_RANGE = 99999999999999

TERMS: dict[str, tuple[int, int]] = {
    "2023-S1": (madrid(2023, 1, 16), madrid(2023, 6, 10)),
    "2023-S2": (madrid(2023, 9, 4), madrid(2023, 12, 22)),
    "2024-S1": (madrid(2024, 1, 15), madrid(2024, 6, 8)),
    "2024-S2": (madrid(2024, 9, 2), madrid(2024, 12, 21)),
    "2025-S1": (madrid(2025, 1, 13), madrid(2025, 6, 30)),
}

# ----------------------------------------------------------------------------------------------------
# Names. Each list pairs the written form with the letters a user name is made of.
# ----------------------------------------------------------------------------------------------------

NAMES: tuple[tuple[str, str, str], ...] = (
    (
        "es",
        "Lucía/lucia Íñigo/inigo Begoña/begona Martín/martin Noelia/noelia Óscar/oscar",
        "Muñoz/munoz Ibáñez/ibanez Peláez/pelaez Quintana/quintana Zorrilla/zorrilla",
    ),
    (
        "cs",
        "Zdeněk/zdenek Jiří/jiri Růžena/ruzena Ondřej/ondrej Žofie/zofie Běla/bela",
        "Šimek/simek Zajíček/zajicek Hrubý/hruby Vaněk/vanek Křížek/krizek",
    ),
    (
        "is",
        "Þóra/thora Åse/aase Björn/bjorn Sæunn/saeunn Jørgen/jorgen Eyðun/eydun",
        "Ødegård/odegard Sjöberg/sjoberg Lähde/lahde Ægisson/aegisson Kvist/kvist",
    ),
    (
        "tr",
        "İbrahim/ibrahim Işıl/isil Çağla/cagla Gülşen/gulsen Tuğrul/tugrul Özlem/ozlem",
        "Yıldız/yildiz Şahin/sahin Güneş/gunes Ağaoğlu/agaoglu Çınar/cinar",
    ),
    (
        "vi",
        "Hạnh/hanh Dũng/dung Phượng/phuong Tuấn/tuan Yến/yen Lộc/loc",
        "Nguyễn/nguyen Trần/tran Phạm/pham Đặng/dang Võ/vo",
    ),
    (
        "el",
        "Ελένη/eleni Νίκος/nikos Δήμητρα/dimitra Σπύρος/spyros Άννα/anna Θάνος/thanos",
        "Παππάς/pappas Αγγέλου/angelou Ξένος/xenos Ρήγας/rigas Μελάς/melas",
    ),
    (
        "uk",
        "Олена/olena Тарас/taras Ївга/yivha Богдан/bohdan Соломія/solomiia Єгор/yehor",
        "Коваль/koval Шевчук/shevchuk Гнатюк/hnatiuk Щербак/shcherbak Бойко/boiko",
    ),
    (
        "ar",
        "ليلى/layla سامي/sami نور/noor طارق/tariq هدى/huda ياسين/yassin",
        "حداد/haddad منصور/mansour خوري/khoury سالم/salem درويش/darwish",
    ),
    (
        "he",
        "תמר/tamar יונתן/yonatan שירה/shira אלון/alon נועה/noa דביר/dvir",
        "לביא/lavi שקד/shaked ברק/barak צור/tzur גלבוע/gilboa",
    ),
    (
        "hi",
        "आशा/asha रोहन/rohan मीरा/meera विक्रम/vikram सुधा/sudha अर्जुन/arjun",
        "शर्मा/sharma वर्मा/verma जोशी/joshi नायर/nair चौहान/chauhan",
    ),
    (
        "zh_cn",
        "秀英/xiuying 建国/jianguo 雪/xue 明/ming 丽华/lihua 子轩/zixuan",
        "王/wang 欧阳/ouyang 陈/chen 赵/zhao 林/lin",
    ),
    (
        "ko",
        "서연/seoyeon 민준/minjun 지우/jiwoo 하은/haeun 도윤/doyun 수빈/subin",
        "김/kim 박/park 최/choi 남궁/namgung 윤/yoon",
    ),
    (
        "ka",
        "ნინო/nino გიორგი/giorgi თამარ/tamari ლევან/levan მარიამ/mariam ზურაბ/zurab",
        "ბერიძე/beridze კაპანაძე/kapanadze ლომიძე/lomidze მაისურაძე/maisuradze გელაშვილი/gelashvili",
    ),
)

COUNTRY = {
    "es": "ES",
    "cs": "CZ",
    "is": "IS",
    "tr": "TR",
    "vi": "VN",
    "el": "GR",
    "uk": "UA",
    "ar": "JO",
    "he": "IL",
    "hi": "IN",
    "zh_cn": "CN",
    "ko": "KR",
    "ka": "GE",
}


@dataclass(frozen=True)
class Name:
    lang: str
    given: str
    family: str
    login: str


def all_names() -> list[Name]:
    """Each given name with each family name of its list, no login twice."""
    names: dict[str, Name] = {}
    for lang, givens, families in NAMES:
        for given, given_ascii in (pair.split("/") for pair in givens.split()):
            for family, family_ascii in (pair.split("/") for pair in families.split()):
                login = f"{given_ascii}.{family_ascii}"
                names.setdefault(login, Name(lang, given, family, login))
    return list(names.values())


# ----------------------------------------------------------------------------------------------------
# The site: rows by table, and the few acts Moodle itself has (enrol, assign a role, open a context).
# ----------------------------------------------------------------------------------------------------

SYSTEM, USER, CATEGORY, COURSE, MODULE = 10, 30, 40, 50, 70
LOCAL_HOST, OTHER_HOST = 1, 3
SITE_COURSE = 1

ROLES = {
    "manager": 1,
    "coursecreator": 2,
    "editingteacher": 3,
    "teacher": 4,
    "student": 5,
    "guest": 6,
    "user": 7,
    "frontpage": 8,
    "auditor": 9,
    "helpdesk": 10,
}
SYNCHRONISED = ("cohort", "meta")
"""Enrolment methods whose role assignments name the method as their owner."""


class Site:
    """All rows of the database in the making."""

    def __init__(self) -> None:
        self.random = random.Random(SEED)
        self.columns = {table: columns_of(table) for table in SCHEMA}
        self.rows: dict[str, dict[int, Row]] = {table: {} for table in SCHEMA}
        self._highest = dict.fromkeys(SCHEMA, 0)
        self._contexts: dict[tuple[int, int], int] = {}
        self._methods: dict[tuple[int, str], int] = {}
        self.enrolled: dict[tuple[int, int], int] = {}

    def add(self, table: str, **values: Any) -> int:
        """Add a row; what is not given gets the column's default. Returns its id."""
        columns = self.columns[table]
        unknown = values.keys() - columns.keys()
        if unknown:
            raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
        number: int = values.get("id", self._highest[table] + 1)
        if number in self.rows[table]:
            raise ValueError(f"{table} {number} is there already")
        values["id"] = number
        self._highest[table] = max(self._highest[table], number)
        defaults = {name: column.value for name, column in columns.items() if name not in values}
        self.rows[table][number] = {name: (values | defaults)[name] for name in columns}
        return number

    def get(self, table: str, number: int) -> Row:
        return self.rows[table][number]

    def all(self, table: str) -> list[Row]:
        return list(self.rows[table].values())

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # -- contexts and roles

    def context(self, level: int, instance: int) -> int:
        """The context of a thing, opened when it is asked for the first time."""
        if (level, instance) not in self._contexts:
            above = self._context_above(level, instance)
            number = self.add("context", contextlevel=level, instanceid=instance)
            row = self.get("context", number)
            row["path"] = f"{self.get('context', above)['path'] if above else ''}/{number}"
            row["depth"] = row["path"].count("/")
            self._contexts[level, instance] = number
        return self._contexts[level, instance]

    def _context_above(self, level: int, instance: int) -> int | None:
        if level == SYSTEM:
            return None
        if level == MODULE:
            return self.context(COURSE, self.get("course_modules", instance)["course"])
        category = 0
        if level == COURSE:
            category = self.rows["course"].get(instance, {}).get("category", 0)
        elif level == CATEGORY:
            category = self.get("course_categories", instance)["parent"]
        if category in self.rows["course_categories"] and not (level == CATEGORY and category == instance):
            return self.context(CATEGORY, category)
        return self.context(SYSTEM, 0)

    def assign(self, user: int, role: str, context: int, *, component: str = "", item: int = 0, time: int = 0) -> int:
        return self.add(
            "role_assignments",
            roleid=ROLES[role],
            contextid=context,
            userid=user,
            timemodified=time or NOW - 200 * DAY,
            modifierid=2,
            component=component,
            itemid=item,
        )

    # -- enrolments

    def method(self, course: int, enrol: str, **values: Any) -> int:
        """The enrolment method of a course, added when it is asked for the first time."""
        if (course, enrol) not in self._methods:
            created = self.rows["course"].get(course, {}).get("timecreated", NOW - 900 * DAY)
            self._methods[course, enrol] = self.add(
                "enrol",
                **{
                    "enrol": enrol,
                    "courseid": course,
                    "sortorder": sum(1 for held, _ in self._methods if held == course),
                    "roleid": 0 if enrol == "guest" else ROLES["student"],
                    "timecreated": created,
                    "timemodified": created,
                    **values,
                },
            )
        return self._methods[course, enrol]

    def enrol(
        self,
        user: int,
        course: int,
        enrol: str = "manual",
        *,
        role: str | None = "student",
        start: int | None = None,
        end: int = 0,
        status: int = 0,
        **values: Any,
    ) -> int:
        """Enrol somebody, with a role in the course unless ``role`` is None. Returns the enrolment's id."""
        method = self.method(course, enrol)
        began: int = self.rows["course"].get(course, {}).get("startdate") or NOW - 300 * DAY
        began = min(began, NOW - 20 * DAY)
        if role:
            owner = {"component": f"enrol_{enrol}", "item": method} if enrol in SYNCHRONISED else {}
            self.assign(user, role, self.context(COURSE, course), time=began, **owner)  # type: ignore[arg-type]
        number = self.add(
            "user_enrolments",
            **{
                "status": status,
                "enrolid": method,
                "userid": user,
                "timestart": began if start is None else start,
                "timeend": end,
                "modifierid": user if enrol == "self" else 2,
                "timecreated": began,
                "timemodified": began,
                **values,
            },
        )
        self.enrolled.setdefault((user, course), number)
        return number

    def is_enrolled(self, user: int, course: int) -> bool:
        return (user, course) in self.enrolled

    def people_of(self, course: int, *, role: str = "student") -> list[int]:
        """Who is enrolled in a course with a role there, in the order they came."""
        context = self.context(COURSE, course)
        held = [
            row["userid"] for row in self.all("role_assignments") if row["contextid"] == context and row["roleid"] == ROLES[role]
        ]
        return [user for user in dict.fromkeys(held) if self.is_enrolled(user, course)]

    # -- people

    def person(self, number: int, first: str | bytes, last: str | bytes, **values: Any) -> int:
        """Add a planted account. What is not said is as ordinary as it can be."""
        created = madrid(2023, 9, 1, 8, number % 60)
        login = values.pop("username", f"sample{number}")
        if not values.get("deleted"):
            self.context(USER, number)
        return self.add(
            "user",
            **{
                "id": number,
                "confirmed": 1,
                "mnethostid": LOCAL_HOST,
                "username": login,
                "password": NO_PASSWORD,
                "idnumber": f"S{number:05d}",
                "firstname": first,
                "lastname": last,
                "email": f"{login}@example.org",
                "country": "ES",
                "firstaccess": created + DAY,
                "lastaccess": NOW - number % 90 * DAY,
                "timecreated": created,
                "timemodified": created,
                **values,
            },
        )


NO_PASSWORD = "$6$rounds=10000$generated$" + "x" * 43
"""Has the shape of a hash and is none."""

NOT_CACHED = "not cached"
"""What Moodle writes for people who sign in elsewhere."""


# ----------------------------------------------------------------------------------------------------
# The ordinary site
# ----------------------------------------------------------------------------------------------------

PEOPLE = range(3, 258)

CATEGORIES = (  # id, name, idnumber, parent, visible
    (1, "Faculty of Sciences", "SCI", 0, 1),
    (2, "Faculty of Humanities", "HUM", 0, 1),
    (3, "Staff Development", "STAFF", 0, 1),
    (4, "Life Sciences", "SCI-LIFE", 1, 1),
    (5, "Physical Sciences", "SCI-PHYS", 1, 1),
    (6, "Languages", "HUM-LANG", 2, 1),
    (7, "History & Society", None, 2, 1),
    (8, "Compulsory Training", "STAFF-MUST", 3, 1),
    (9, "Teaching Laboratories", "", 4, 1),
    (10, "Archive", "SCI-ARCH", 5, 0),
    (11, "Archive", "HUM-ARCH", 6, 0),
    (12, "Leadership", "STAFF-LEAD", 8, 1),
)

SUBJECTS = (  # short name, name, category
    ("BIO101", "Cell Biology", 4),
    ("BIO210", "Field Ecology", 9),
    ("CHE110", "General Chemistry", 5),
    ("PHY120", "Waves and Optics", 5),
    ("SPA101", "Spanish for Beginners", 6),
    ("ARA102", "Reading Arabic", 6),
    ("HIS140", "The Mediterranean Ports", 7),
    ("SOC150", "Cities and Migration", 7),
)

STANDING_COURSES = (  # short name, name, category, visible, dates: none | fixed | ended
    ("ONB-01", "First Week at the Institute", 3, 1, "none"),
    ("SAFETY-LAB", "Laboratory Safety", 8, 1, "fixed"),
    ("SAFETY-FIRE", "Fire Safety", 8, 1, "fixed"),
    ("GDPR-2024", "Personal Data at Work", 8, 1, "fixed"),
    ("CODE-CONDUCT", "Code of Conduct", 8, 1, "none"),
    ("LEAD-A", "Leading Small Teams", 12, 1, "fixed"),
    ("LEAD-B", "Leading Change", 12, 0, "fixed"),
    ("TUTOR-KIT", "Tutor's Toolkit", 3, 1, "fixed"),
    ("LIB-SKILLS", "Library Skills", 2, 1, "none"),
    ("STAT-CLINIC", "Statistics Clinic", 1, 1, "fixed"),
    ("CHE-OLD", "Chemistry Refresher 2019", 10, 0, "ended"),
    ("SPA-OLD", "Spanish Summer Course 2020", 11, 0, "ended"),
    ("MICRO-LAB", "Microscopy Practice", 9, 1, "fixed"),
    ("LAB-ASSIST", "Training for Lab Assistants", 9, 1, "fixed"),
    ("WRITE-LAB", "Writing Workshop", 6, 1, "fixed"),
)

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

SYNCED_COHORTS = {"SAFETY-LAB": 3, "GDPR-2024": 1, "LEAD-A": 5, "BIO101-2025-S1": 6, "ONB-01": 2}
"""Course short name -> the cohort it enrols."""

META_COURSES = {"LAB-ASSIST": "MICRO-LAB", "LIB-SKILLS": "SPA101-2025-S1"}
"""Course short name -> the course whose people it takes over."""

ELEMENTS = (
    "x.start.time",
    "cmi.core.lesson_status",
    "cmi.core.score.raw",
    "cmi.core.total_time",
    "cmi.suspend_data",
)


def build_site() -> Site:
    """The ordinary site, without any planted fault."""
    site = Site()
    for step in (
        add_config,
        add_roles,
        add_categories,
        add_people,
        add_profiles,
        add_cohorts,
        add_courses,
        add_enrolments,
        add_groups,
        add_activities,
        add_course_fields,
        add_gradebook,
        add_completions,
        add_attempts,
        add_submissions,
        add_awards,
        add_competencies,
        add_site_roles,
    ):
        step(site)
    return site


def add_config(site: Site) -> None:
    settings = {
        "siteguest": "1",
        "siteadmins": "2,5",
        "version": "2024100705.01",
        "release": "4.5.5+ (Build: 20250613)",
        "branch": "405",
        "timezone": "Europe/Madrid",
        "forcetimezone": "99",
        "lang": "en",
        "mnet_localhost_id": str(LOCAL_HOST),
        "allowaccountssameemail": "1",
        "enablecompletion": "1",
        "enablebadges": "1",
        "auth": "ldap,oauth2",
        "supportname": "Sample support",
        "supportemail": "support@example.org",
    }
    for name, value in settings.items():
        site.add("config", name=name, value=value)


def add_roles(site: Site) -> None:
    names = {"auditor": "External auditor", "helpdesk": "Help desk"}
    archetypes = {"auditor": "", "helpdesk": ""}
    for order, (shortname, number) in enumerate(ROLES.items(), 1):
        site.add(
            "role",
            id=number,
            name=names.get(shortname, ""),
            shortname=shortname,
            description="",
            sortorder=order,
            archetype=archetypes.get(shortname, shortname),
        )


def add_categories(site: Site) -> None:
    site.context(SYSTEM, 0)
    site.add(
        "course",
        id=SITE_COURSE,
        fullname="Sample Institute Learning",
        shortname="SIL",
        summary="",
        format="site",
        newsitems=3,
        sortorder=1,
        timecreated=madrid(2019, 3, 4, 10),
        timemodified=madrid(2024, 7, 1, 10),
    )
    site.context(COURSE, SITE_COURSE)
    for number, name, idnumber, parent, visible in CATEGORIES:
        above = site.get("course_categories", parent)["path"] if parent else ""
        site.add(
            "course_categories",
            id=number,
            name=name,
            idnumber=idnumber,
            description=f"<p>Courses of: {name.replace('&', '&amp;')}</p>" if number % 3 else None,
            descriptionformat=1,
            parent=parent,
            sortorder=number * 10000,
            visible=visible,
            visibleold=visible,
            timemodified=madrid(2022, 8, 1, 9),
            depth=above.count("/") + 1,
            path=f"{above}/{number}",
        )
        site.context(CATEGORY, number)


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


def add_course(site: Site, fullname: str | bytes, shortname: str, category: int, **values: Any) -> int:
    """Add a course with its context, its sections and the enrolment method every course has."""
    began = values.get("startdate") or madrid(2022, 9, 1)
    course = site.add(
        "course",
        **{
            "fullname": fullname,
            "shortname": shortname,
            "category": category,
            "summary": f"<p>What you learn in {shortname.split('-')[0]}.</p>",
            "summaryformat": 1,
            "showactivitydates": 1,
            "sortorder": 10000 * category + len(site.rows["course"]),
            "timecreated": began - 40 * DAY,
            "timemodified": began - 3 * DAY,
            **values,
        },
    )
    site.context(COURSE, course)
    site.method(course, "manual")
    for section in range(4):
        site.add(
            "course_sections",
            course=course,
            section=section,
            name=None if section < 2 else f"Part {section}",
            summary="" if section else "<p>Start here.</p>",
            summaryformat=1,
            sequence="",
            timemodified=began,
        )
    return course


def add_courses(site: Site) -> None:
    rng = site.random
    for place, (term, (start, end)) in enumerate(TERMS.items()):
        for shift in range(4):
            code, name, category = SUBJECTS[(place * 3 + shift * 2) % len(SUBJECTS)]
            add_course(
                site,
                f"{name} ({term.replace('-', ' ')})",
                f"{code}-{term}",
                category,
                idnumber=f"SIS-{code}-{term}",
                startdate=start,
                enddate=end,
                format="weeks" if shift % 2 else "topics",
                groupmode=shift % 3,
                enablecompletion=1,
                visible=0 if term == "2023-S1" else 1,
                visibleold=1,
            )
    for order, (code, name, category, visible, dates) in enumerate(STANDING_COURSES):
        start, end = 0, 0
        if dates == "fixed":
            start = madrid(2023, 9, 1 + order)
        elif dates == "ended":
            start, end = madrid(2019 + order % 2, 7, 1), madrid(2019 + order % 2, 9, 1)
        add_course(
            site,
            name,
            code,
            category,
            idnumber="" if order % 4 == 3 else f"SIS-{code}",
            startdate=start,
            enddate=end,
            enablecompletion=0 if dates == "ended" else 1,
            visible=visible,
            visibleold=visible,
            lang="es" if code.startswith("SPA") else "",
        )
    teacher = ROLES["editingteacher"]
    for course in rng.sample(sorted(set(site.rows["course"]) - {SITE_COURSE}), 4):
        site.add("role_names", roleid=teacher, contextid=site.context(COURSE, course), name="Tutor")


def by_shortname(site: Site) -> dict[str, int]:
    return {row["shortname"]: row["id"] for row in site.all("course")}


def add_enrolments(site: Site) -> None:
    rng = site.random
    courses = by_shortname(site)
    for shortname, course in courses.items():
        if course == SITE_COURSE:
            continue
        if course % 2:
            site.method(course, "self", status=course % 4 // 3, customint6=1)
        if course % 6 == 0:
            site.method(course, "guest", status=0)
        for user in rng.sample(PEOPLE, 3):
            site.enrol(user, course, role="editingteacher" if site.chance(0.7) else "teacher")
        ended = site.get("course", course)["enddate"]
        for user in rng.sample(PEOPLE, rng.randrange(22, 48)):
            if site.is_enrolled(user, course):
                continue
            by_hand = course % 2 == 0 or site.chance(0.7)
            late = site.chance(0.05)
            site.enrol(
                user,
                course,
                "manual" if by_hand else "self",
                status=1 if site.chance(0.05) else 0,
                start=0 if site.chance(0.08) else (NOW + 60 * DAY if late and not ended else None),
                end=ended + 30 * DAY if ended and site.chance(0.2) else 0,
            )
        if shortname in SYNCED_COHORTS:
            cohort = SYNCED_COHORTS[shortname]
            site.method(course, "cohort", customint1=cohort, customint2=0)
            for member in site.all("cohort_members"):
                if member["cohortid"] == cohort:
                    site.enrol(member["userid"], course, "cohort", start=0)
    for child, parent in META_COURSES.items():
        site.method(courses[child], "meta", customint1=courses[parent], roleid=0)
        for role in ("student", "editingteacher"):
            for user in site.people_of(courses[parent], role=role):
                site.enrol(user, courses[child], "meta", role=role, start=0)
    for user, course in list(site.enrolled):
        if site.get("user", user)["lastaccess"] and site.chance(0.6):
            seen = min(site.get("user", user)["lastaccess"], NOW - user * HOUR)
            site.add("user_lastaccess", userid=user, courseid=course, timeaccess=seen)


def add_groups(site: Site) -> None:
    rng = site.random
    names = ("Morning", "Afternoon", "Online", "Laboratory A", "Laboratory B")
    with_groups = [row["id"] for row in site.all("course") if row["id"] % 3 == 0]
    for course in with_groups:
        made = site.get("course", course)["timecreated"] + DAY
        students = site.people_of(course)
        groups = []
        for order, name in enumerate(rng.sample(names, 3 + course % 2)):
            group = site.add(
                "groups",
                courseid=course,
                idnumber=f"G-{course}-{order}" if site.chance(0.4) else "",
                name=name,
                description="<p>Meets on Tuesdays.</p>" if site.chance(0.2) else "",
                descriptionformat=1,
                timecreated=made,
                timemodified=made,
            )
            groups.append(group)
            for user in sorted(rng.sample(students, min(len(students), rng.randrange(5, 12)))):
                site.add("groups_members", groupid=group, userid=user, timeadded=made + DAY)
        if course % 2 == 0:
            grouping = site.add(
                "groupings",
                courseid=course,
                name="Timetable",
                description="",
                timecreated=made,
                timemodified=made,
            )
            for group in groups[:2]:
                site.add("groupings_groups", groupingid=grouping, groupid=group, timeadded=made)


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


def add_course_fields(site: Site) -> None:
    made = madrid(2023, 5, 2, 9)
    times = {"timecreated": made, "timemodified": made}
    site.add(
        "customfield_category",
        name="Catalogue",
        component="core_course",
        area="course",
        sortorder=0,
        contextid=site.context(SYSTEM, 0),
        **times,
    )
    fields = (
        (
            "delivery",
            "Delivery",
            "select",
            '{"options":"Online\\r\\nOn site\\r\\nMixed","defaultvalue":"Online"}',
        ),
        ("credits", "Credits", "text", '{"defaultvalue":"","displaysize":10}'),
        ("accredited", "Accredited", "checkbox", '{"checkbydefault":"0"}'),
        ("reviewdate", "Next review", "date", '{"includetime":"0"}'),
    )
    for order, (shortname, name, kind, config) in enumerate(fields):
        site.add(
            "customfield_field",
            shortname=shortname,
            name=name,
            type=kind,
            sortorder=order,
            categoryid=1,
            configdata=config,
            **times,
        )
    for course in site.all("course"):
        if course["id"] == SITE_COURSE:
            continue
        values: tuple[tuple[int, str, Any], ...] = (
            (1, "intvalue", site.random.randrange(1, 4)),
            (2, "charvalue", site.random.choice(("3", "4.5", "6"))),
            (3, "intvalue", site.random.randrange(2)),
            (4, "intvalue", madrid(2026, 1 + course["id"] % 12, 1)),
        )
        for field_id, column, value in values:
            if site.chance(0.6):
                site.add(
                    "customfield_data",
                    fieldid=field_id,
                    instanceid=course["id"],
                    value=str(value),
                    valueformat=0,
                    contextid=site.context(COURSE, course["id"]),
                    **{column: value},
                    **times,
                )


def add_gradebook(site: Site) -> None:
    rng = site.random
    for courseid, name, steps in (
        (0, "Competent or not", "Not yet competent,Competent"),
        (0, "Four steps", "Insufficient,Sufficient,Good,Excellent"),
        (2, "Laboratory notebook", "Missing,Incomplete,Complete"),
    ):
        site.add(
            "scale",
            courseid=courseid,
            name=name,
            scale=steps,
            description="",
            timemodified=madrid(2022, 1, 3),
        )
    own_letters = site.context(COURSE, by_shortname(site)["STAT-CLINIC"])
    for boundary, letter in ((90.0, "A"), (70.0, "B"), (50.0, "C"), (0.0, "F")):
        site.add("grade_letters", contextid=own_letters, lowerboundary=boundary, letter=letter)
    for course in site.all("course"):
        number, made = course["id"], course["timecreated"]
        if number == SITE_COURSE:
            continue
        times = {"timecreated": made, "timemodified": made}
        top = site.add("grade_categories", courseid=number, depth=1, fullname="?", aggregation=13, aggregateonlygraded=1, **times)
        site.get("grade_categories", top)["path"] = f"/{top}/"
        items = [site.add("grade_items", courseid=number, itemtype="course", iteminstance=top, sortorder=1, **times)]
        for kind in ("quiz", "scorm", "assign"):
            for activity in site.all(kind):
                if activity["course"] != number:
                    continue
                highest = activity["maxgrade" if kind == "scorm" else "grade"]
                on_scale: dict[str, Any] = {}
                if highest < 0:  # an assignment graded on a scale names the scale as a negative number
                    on_scale = {"gradetype": 2, "grademin": 1.0, "scaleid": -highest}
                    highest = 4
                items.append(
                    site.add(
                        "grade_items",
                        courseid=number,
                        categoryid=top,
                        itemname=activity["name"],
                        itemtype="mod",
                        itemmodule=kind,
                        iteminstance=activity["id"],
                        itemnumber=0,
                        grademax=float(highest),
                        gradepass=highest / 2,
                        sortorder=len(items) + 1,
                        **on_scale,
                        **times,
                    )
                )
        if number % 2:
            items.append(
                site.add(
                    "grade_items",
                    courseid=number,
                    categoryid=top,
                    itemname="Notebook",
                    itemtype="manual",
                    gradetype=2,
                    grademax=4.0,
                    grademin=1.0,
                    scaleid=2,
                    sortorder=len(items) + 1,
                    **times,
                )
            )
        for user in site.people_of(number):
            for item in items:
                if site.chance(0.74):
                    add_grade(site, site.get("grade_items", item), user, rng)


def add_grade(site: Site, item: Row, user: int, rng: random.Random) -> int:
    """Grade somebody, now and then with a placeholder that holds no grade."""
    began = max(site.get("course", item["courseid"])["startdate"], madrid(2022, 9, 1))
    handed_in = min(began + rng.randrange(10 * DAY, 120 * DAY), NOW - 3 * DAY)
    graded = handed_in + rng.randrange(HOUR, 3 * DAY)
    value: float | None
    if item["gradetype"] == 2:
        value = float(rng.randrange(1, 5))
    else:
        value = round(item["grademax"] * min(1.0, max(0.0, rng.gauss(0.7, 0.2))), 5)
    if site.chance(0.15):
        value = None
    overridden = graded if value is not None and site.chance(0.03) else 0
    feedback = "<p>Well argued.</p>" if value is not None and site.chance(0.05) else None
    number = site.add(
        "grade_grades",
        itemid=item["id"],
        userid=user,
        rawgrade=None if item["itemtype"] == "course" or overridden else value,
        rawgrademax=item["grademax"],
        rawgrademin=item["grademin"],
        rawscaleid=item["scaleid"],
        usermodified=2 if value is not None else None,
        finalgrade=value,
        hidden=1 if site.chance(0.02) else 0,
        locked=graded if site.chance(0.01) else 0,
        overridden=overridden,
        feedback=feedback,
        feedbackformat=1 if feedback else 0,
        timecreated=handed_in if item["itemtype"] == "mod" and value is not None else None,
        timemodified=graded if value is not None else None,
        aggregationstatus="used" if value is not None else "novalue",
    )
    if value is not None and site.chance(0.12):
        site.add(
            "grade_grades_history",
            action=2,
            oldid=number,
            source=f"mod/{item['itemmodule']}" if item["itemtype"] == "mod" else "system",
            timemodified=graded - HOUR,
            loggeduser=2,
            itemid=item["id"],
            userid=user,
            rawgrade=None,
            rawgrademax=item["grademax"],
            rawgrademin=item["grademin"],
            finalgrade=round(value * 0.9, 5),
        )
    return number


def add_completions(site: Site) -> None:
    rng = site.random
    modules: dict[int, list[Row]] = {}
    for row in site.all("course_modules"):
        modules.setdefault(row["course"], []).append(row)
    kinds = {row["id"]: row["name"] for row in site.all("modules")}
    for course in site.all("course"):
        number = course["id"]
        if not course["enablecompletion"]:
            continue
        site.add("course_completion_aggr_methd", course=number, method=1)
        criteria = [
            site.add(
                "course_completion_criteria",
                course=number,
                criteriatype=4,
                module=kinds[module["module"]],
                moduleinstance=module["id"],
            )
            for module in modules[number]
        ]
        if number % 4 == 0:
            criteria.append(site.add("course_completion_criteria", course=number, criteriatype=6, gradepass=50.0))
        began = max(course["startdate"], madrid(2022, 9, 1))
        for user in site.people_of(number):
            if not site.chance(0.7):
                continue
            finished = min(began + rng.randrange(20 * DAY, 140 * DAY), NOW - 2 * DAY)
            complete = site.chance(0.7)
            site.add(
                "course_completions",
                userid=user,
                course=number,
                timeenrolled=0 if site.chance(0.06) else began,
                timestarted=0 if site.chance(0.05) else began + DAY,
                timecompleted=finished if complete else None,
            )
            for criterion in criteria if complete else criteria[:1]:
                site.add(
                    "course_completion_crit_compl",
                    userid=user,
                    course=number,
                    criteriaid=criterion,
                    timecompleted=finished - DAY,
                )
            for module in modules[number]:
                if not site.chance(0.8):
                    continue
                state = rng.choice((1, 1, 2, 2, 3)) if complete else rng.choice((0, 0, 1, 3))
                site.add(
                    "course_modules_completion",
                    coursemoduleid=module["id"],
                    userid=user,
                    completionstate=state,
                    overrideby=2 if site.chance(0.02) else None,
                    timemodified=finished - rng.randrange(1, 10) * DAY,
                )
                if state or site.chance(0.5):
                    site.add(
                        "course_modules_viewed",
                        coursemoduleid=module["id"],
                        userid=user,
                        timecreated=finished - 11 * DAY,
                    )


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


def add_site_roles(site: Site) -> None:
    site.assign(5, "manager", site.context(SYSTEM, 0))
    site.assign(6, "manager", site.context(SYSTEM, 0))
    site.assign(7, "coursecreator", site.context(SYSTEM, 0))
    site.assign(8, "manager", site.context(CATEGORY, 1))
    site.assign(9, "manager", site.context(CATEGORY, 8))
    site.assign(10, "coursecreator", site.context(CATEGORY, 4))
    site.assign(11, "coursecreator", site.context(CATEGORY, 6))


# ----------------------------------------------------------------------------------------------------
# The faults. Each function plants one, and touches ordinary rows only where its comment says so.
# ----------------------------------------------------------------------------------------------------


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


def plant_category_loop(site: Site) -> None:
    site.add(
        "course_categories",
        id=13,
        name="Unsorted",
        idnumber="LOOP",
        description="",
        parent=13,
        sortorder=130000,
        timemodified=madrid(2022, 8, 1, 9),
        depth=1,
        path="/13",
    )
    site.context(CATEGORY, 13)


FIXED: dict[str, Any] = {"startdate": madrid(2024, 2, 1), "enablecompletion": 1}


def plant_course_dates(site: Site) -> None:
    add_course(site, "Grant Writing", "GRANTS", 3, id=101, idnumber="SIS-GRANTS", **FIXED)
    site.get("course", 101)["enddate"] = madrid(2024, 1, 8)


def plant_course_idnumber_twice(site: Site) -> None:
    add_course(site, "Presenting Results", "PRESENT-A", 3, id=102, idnumber="SIS-PRESENT", **FIXED)
    add_course(site, "Presenting Results, Evening", "PRESENT-B", 3, id=103, idnumber="SIS-PRESENT", **FIXED)


def plant_multilang_course(site: Site) -> None:
    add_course(
        site,
        '<span lang="en" class="multilang">Ethics</span><span lang="es" class="multilang">Ética</span>',
        "ETHICS",
        7,
        id=104,
        idnumber="SIS-ETHICS",
        **FIXED,
    )


def plant_html_in_course(site: Site) -> None:
    add_course(site, "Radiation <b>Safety</b>", "SAFETY-RAD", 8, id=105, idnumber="SIS-RAD", **FIXED)


def plant_course_without_category(site: Site) -> None:
    add_course(site, "Course of a Closed Department", "CLOSED-DEP", 999, id=106, idnumber="SIS-CLOSED", **FIXED)
    for user in (30, 31):
        site.enrol(user, 106)


def plant_courses_that_survive(site: Site) -> None:
    add_course(site, "Botany & Gardens \U0001f33f", "BOT-GARDEN", 9, id=107, idnumber="SIS-BOT", **FIXED)
    add_course(site, "Missing Values", "null", 1, id=108, idnumber="", **FIXED)
    add_course(site, "Counting from Nothing", "0", 1, id=109, idnumber="0", **FIXED)
    for course in (101, 102, 103, 104, 105, 107, 108, 109):
        site.enrol(40 + course - 100, course, role="editingteacher")
        for user in range(course - 30, course - 20):
            if not site.is_enrolled(user, course):
                site.enrol(user, course)


def plant_unknown_course_role(site: Site) -> None:
    site.person(937, "External", "Auditor")
    for course in ("SAFETY-LAB", "GDPR-2024"):
        site.enrol(937, by_shortname(site)[course], role="auditor")


def plant_enrolment_without_role(site: Site) -> None:
    site.person(938, "Yehor", "Koval")
    site.enrol(938, by_shortname(site)["STAT-CLINIC"], role=None)


def plant_role_without_enrolment(site: Site) -> None:
    site.person(939, "Dimitra", "Angelou")
    courses = by_shortname(site)
    site.assign(939, "teacher", site.context(COURSE, courses["STAT-CLINIC"]))
    site.assign(939, "editingteacher", site.context(COURSE, courses["MICRO-LAB"]))


def plant_two_methods(site: Site) -> None:
    """The ordinary site has more of these: people whom a cohort or a meta link enrols again."""
    course = by_shortname(site)["LEAD-B"]
    site.person(940, "Meera", "Nair")
    site.enrol(940, course)
    site.enrol(940, course, "self")


def plant_enrolment_of_excluded(site: Site) -> None:
    for user in (902, 903):
        site.enrol(user, by_shortname(site)["SAFETY-FIRE"], start=madrid(2023, 9, 4))


def plant_enrolment_in_site_course(site: Site) -> None:
    site.person(941, "Wang", "Lihua")
    site.enrol(941, SITE_COURSE)


def plant_enrolment_dates(site: Site) -> None:
    site.person(942, "Asha", "Chauhan")
    course = by_shortname(site)["MICRO-LAB"]
    site.enrol(942, course, start=madrid(2024, 10, 1), end=madrid(2024, 3, 1))


def plant_enrolment_of_nobody(site: Site) -> None:
    site.enrol(99999, by_shortname(site)["LIB-SKILLS"])


def plant_enrolment_in_no_course(site: Site) -> None:
    method = site.add("enrol", enrol="manual", courseid=888, roleid=ROLES["student"])
    site.add("user_enrolments", enrolid=method, userid=33, timestart=madrid(2023, 2, 1), timeend=0)


def plant_two_roles(site: Site) -> None:
    site.person(943, "Minjun", "Park")
    course = by_shortname(site)["TUTOR-KIT"]
    site.enrol(943, course)
    site.assign(943, "teacher", site.context(COURSE, course))


def plant_endless_enrolment(site: Site) -> None:
    site.person(944, "Saeunn", "Aegisson")
    site.enrol(944, by_shortname(site)["TUTOR-KIT"], end=NO_END)


def plant_blank_group(site: Site) -> None:
    course = by_shortname(site)["SAFETY-FIRE"]
    made = madrid(2024, 3, 4, 9)
    site.add("groups", id=101, courseid=course, name=" ", description="", timecreated=made, timemodified=made)
    for user in site.people_of(course)[:2]:
        site.add("groups_members", groupid=101, userid=user, timeadded=made)


def plant_member_not_enrolled(site: Site) -> None:
    course = by_shortname(site)["SAFETY-FIRE"]
    made = madrid(2024, 3, 4, 10)
    site.person(945, "Visiting", "Member")
    site.add("groups", id=102, courseid=course, name="Evening", description="", timecreated=made, timemodified=made)
    for user in (*site.people_of(course)[2:5], 945):
        site.add("groups_members", groupid=102, userid=user, timeadded=made)


def plant_member_of_no_group(site: Site) -> None:
    site.add("groups_members", groupid=777, userid=34, timeadded=madrid(2023, 3, 4))


def plant_deleted_cohort_member(site: Site) -> None:
    site.add("cohort_members", cohortid=8, userid=901, timeadded=madrid(2023, 10, 2))


def plant_unknown_site_role(site: Site) -> None:
    site.person(946, "Help", "Desk")
    site.assign(946, "helpdesk", site.context(SYSTEM, 0))


def plant_roles_at_odd_levels(site: Site) -> None:
    site.person(947, "Personal", "Mentor")
    site.assign(947, "teacher", site.context(USER, 35))
    module = next(iter(site.rows["course_modules"]))
    site.assign(36, "teacher", site.context(MODULE, module))


@dataclass(frozen=True)
class Fault:
    """One kind of planted fault.

    ``code`` is what a run has to raise, ``-`` when the value has to arrive unharmed. ``probe`` is a query
    that finds the fault in the database, one row each, and ``rows`` how many there are. A kind without
    ``plant`` is planted by a neighbour, follows from other faults, or is part of the ordinary site.
    """

    what: str
    where: str
    code: str
    plant: Callable[[Site], None] | None
    probe: str
    rows: int


HISTORY = "SELECT userid FROM mdl_grade_grades UNION SELECT userid FROM mdl_course_completions"
ENROLMENTS = "mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"
IN_COURSE = "mdl_role_assignments ra JOIN mdl_context x ON x.id = ra.contextid AND x.contextlevel = 50"

FAULTS: tuple[Fault, ...] = (
    # -- people
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
    # -- plugins
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
    # -- categories and courses
    Fault(
        "Category that is its own parent",
        "course_categories 13",
        "REF-CYCLE",
        plant_category_loop,
        "SELECT id FROM mdl_course_categories WHERE parent = id",
        1,
    ),
    Fault(
        "Two categories of one name under different parents",
        "course_categories 10, 11 (Archive)",
        "-",
        None,
        "SELECT id FROM mdl_course_categories WHERE name = 'Archive'",
        2,
    ),
    Fault(
        "The site's front page, stored as a course",
        "course 1",
        "CRS-SITE",
        None,
        "SELECT id FROM mdl_course WHERE format = 'site'",
        1,
    ),
    Fault(
        "Course that ends before it starts",
        "course 101 (GRANTS)",
        "CRS-DATES",
        plant_course_dates,
        "SELECT id FROM mdl_course WHERE enddate <> 0 AND enddate < startdate",
        1,
    ),
    Fault(
        "ID number used by two courses",
        "course 102, 103 (SIS-PRESENT)",
        "CRS-IDNUMBER-DUP",
        plant_course_idnumber_twice,
        "SELECT id FROM mdl_course WHERE idnumber = 'SIS-PRESENT'",
        2,
    ),
    Fault(
        "Course name in two languages, as multilang spans",
        "course 104 (ETHICS)",
        "CRS-MULTILANG",
        plant_multilang_course,
        "SELECT id FROM mdl_course WHERE fullname LIKE '%class=\"multilang\"%'",
        1,
    ),
    Fault(
        "HTML in a course name",
        "course 105 (SAFETY-RAD)",
        "CRS-NAME-HTML",
        plant_html_in_course,
        "SELECT id FROM mdl_course WHERE fullname LIKE '%<b>%'",
        1,
    ),
    Fault(
        "Course in a category that does not exist",
        "course 106 (CLOSED-DEP)",
        "REF-ORPHAN",
        plant_course_without_category,
        "SELECT id FROM mdl_course WHERE id <> 1 AND category NOT IN (SELECT id FROM mdl_course_categories)",
        1,
    ),
    Fault(
        "Enrolments in the course whose category does not exist",
        "enrolments of user 30, 31 in course 106",
        "REF-BLOCKED",
        None,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid = 106",
        2,
    ),
    Fault(
        "Ampersand and emoji in a course name",
        "course 107 (BOT-GARDEN)",
        "-",
        plant_courses_that_survive,
        "SELECT id FROM mdl_course WHERE instr(fullname, '&') AND instr(fullname, char(127807))",
        1,
    ),
    Fault(
        "Short names that look like nothing: null, 0",
        "course 108, 109",
        "-",
        None,
        "SELECT id FROM mdl_course WHERE shortname IN ('null', '0')",
        2,
    ),
    Fault(
        "Courses whose short name carries a term; four courses make one term",
        "course 2-21 (2023-S1 to 2025-S1)",
        "TERM-FOLDED",
        None,
        "SELECT id FROM mdl_course WHERE shortname GLOB '*-20[0-9][0-9]-S[12]'",
        20,
    ),
    Fault(
        "Courses whose short name carries no term",
        "course 22-36, 101-109",
        "TERM-NONE",
        None,
        "SELECT id FROM mdl_course WHERE id <> 1 AND shortname NOT GLOB '*-20[0-9][0-9]-S[12]'",
        24,
    ),
    # -- enrolments
    Fault(
        "Course role of the site's own (auditor)",
        "user 937 in SAFETY-LAB, GDPR-2024",
        "ENR-ROLE-UNMAPPED",
        plant_unknown_course_role,
        f"SELECT ra.id FROM {IN_COURSE} WHERE ra.roleid = 9",
        2,
    ),
    Fault(
        "Enrolment without a role",
        "user 938 in STAT-CLINIC",
        "ENR-NO-ROLE",
        plant_enrolment_without_role,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid IN (SELECT id FROM mdl_course) AND NOT EXISTS ("
        f"SELECT 1 FROM {IN_COURSE} WHERE x.instanceid = e.courseid AND ra.userid = ue.userid)",
        1,
    ),
    Fault(
        "Course role without an enrolment",
        "user 939 in STAT-CLINIC, MICRO-LAB",
        "ENR-ROLE-ONLY",
        plant_role_without_enrolment,
        f"SELECT ra.id FROM {IN_COURSE} WHERE NOT EXISTS ("
        f"SELECT 1 FROM {ENROLMENTS} WHERE e.courseid = x.instanceid AND ue.userid = ra.userid)",
        2,
    ),
    Fault(
        "One person in one course by two methods",
        "user 940 in LEAD-B; people whom a cohort or a meta link enrols again; user 907 + 908 in SAFETY-LAB",
        "ENR-FOLDED",
        plant_two_methods,
        f"SELECT ue.userid FROM {ENROLMENTS} GROUP BY ue.userid, e.courseid HAVING count(*) > 1",
        34,
    ),
    Fault(
        "Enrolment of an account that is excluded (deleted)",
        "user 902, 903 in SAFETY-FIRE",
        "ENR-USER-EXCLUDED",
        plant_enrolment_of_excluded,
        f"SELECT ue.id FROM {ENROLMENTS} JOIN mdl_user u ON u.id = ue.userid WHERE u.deleted = 1",
        2,
    ),
    Fault(
        "Enrolment in the site's front page",
        "user 941 in course 1",
        "ENR-SITE-COURSE",
        plant_enrolment_in_site_course,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid = 1",
        1,
    ),
    Fault(
        "Enrolment that ends before it starts",
        "user 942 in MICRO-LAB",
        "ENR-DATES",
        plant_enrolment_dates,
        "SELECT id FROM mdl_user_enrolments WHERE timeend <> 0 AND timeend < timestart AND timestart < 4102444800",
        1,
    ),
    Fault(
        "Enrolment of a user id that never was",
        "user 99999 in LIB-SKILLS",
        "REF-ORPHAN",
        plant_enrolment_of_nobody,
        "SELECT id FROM mdl_user_enrolments WHERE userid NOT IN (SELECT id FROM mdl_user)",
        1,
    ),
    Fault(
        "Enrolment through a method of a course that is gone",
        "user 33 in course 888",
        "REF-ORPHAN",
        plant_enrolment_in_no_course,
        f"SELECT ue.id FROM {ENROLMENTS} WHERE e.courseid NOT IN (SELECT id FROM mdl_course)",
        1,
    ),
    Fault(
        "Enrolments of accounts that cannot be loaded (blank name, broken text)",
        "user 917 in CODE-CONDUCT, user 923 in ONB-01, LIB-SKILLS",
        "REF-BLOCKED",
        None,
        "SELECT id FROM mdl_user_enrolments WHERE userid IN (917, 923)",
        3,
    ),
    Fault(
        "Two roles of one person in one course",
        "user 943 in TUTOR-KIT",
        "-",
        plant_two_roles,
        f"SELECT ra.userid FROM {IN_COURSE} WHERE ra.userid = 943 GROUP BY ra.userid HAVING count(*) = 2",
        1,
    ),
    Fault(
        "Enrolment with the largest possible end, which means none (2147483647)",
        "user 944 in TUTOR-KIT",
        "-",
        plant_endless_enrolment,
        "SELECT id FROM mdl_user_enrolments WHERE timeend = 2147483647",
        1,
    ),
    # -- groups and cohorts
    Fault(
        "Group with a blank name",
        "groups 101",
        "GRP-NAME-BLANK",
        plant_blank_group,
        "SELECT id FROM mdl_groups WHERE trim(name) = ''",
        1,
    ),
    Fault(
        "Section of the group with a blank name; it is called by its number",
        "groups 101",
        "SEC-NAME-BLANK",
        None,
        "SELECT id FROM mdl_groups WHERE trim(name) = ''",
        1,
    ),
    Fault(
        "Members of the group with a blank name",
        "groups_members of groups 101",
        "REF-BLOCKED",
        None,
        "SELECT id FROM mdl_groups_members WHERE groupid = 101",
        2,
    ),
    Fault(
        "Group member who is not in the course",
        "user 945 in groups 102",
        "MEM-NOT-ENROLLED",
        plant_member_not_enrolled,
        "SELECT m.id FROM mdl_groups_members m JOIN mdl_groups g ON g.id = m.groupid WHERE NOT EXISTS ("
        f"SELECT 1 FROM {ENROLMENTS} WHERE e.courseid = g.courseid AND ue.userid = m.userid)",
        1,
    ),
    Fault(
        "Member of a group that is gone",
        "user 34 in groups 777",
        "REF-ORPHAN",
        plant_member_of_no_group,
        "SELECT id FROM mdl_groups_members WHERE groupid NOT IN (SELECT id FROM mdl_groups)",
        1,
    ),
    Fault(
        "Cohort member whose account is excluded (deleted)",
        "user 901 in cohort 8",
        "MEM-USER-EXCLUDED",
        plant_deleted_cohort_member,
        "SELECT m.id FROM mdl_cohort_members m JOIN mdl_user u ON u.id = m.userid WHERE u.deleted = 1",
        1,
    ),
    # -- administrators
    Fault(
        "Site role of the site's own (helpdesk)",
        "user 946",
        "ADM-ROLE-UNMAPPED",
        plant_unknown_site_role,
        "SELECT id FROM mdl_role_assignments WHERE roleid = 10",
        1,
    ),
    Fault(
        "Role held over a person or in one activity, levels the target does not have",
        "user 947 over user 35, user 36 in course_modules 1",
        "ADM-LEVEL",
        plant_roles_at_odd_levels,
        "SELECT ra.id FROM mdl_role_assignments ra JOIN mdl_context x ON x.id = ra.contextid"
        " WHERE x.contextlevel NOT IN (10, 40, 50)",
        2,
    ),
)
"""Every planted fault, in the order it is planted; ``moodle.md`` is this table for people."""


# ----------------------------------------------------------------------------------------------------
# Faults of grades and completions, as a move into another Moodle meets them.
# ----------------------------------------------------------------------------------------------------


def plant_item(site: Site, course: str, name: str | None, **values: Any) -> int:
    """Add a column that was made by hand. Returns its id."""
    number = by_shortname(site)[course]
    made = site.get("course", number)["timecreated"] + DAY
    top = next(row["id"] for row in site.all("grade_categories") if row["courseid"] == number)
    return site.add(
        "grade_items",
        **{
            "courseid": number,
            "categoryid": top,
            "itemname": name,
            "itemtype": "manual",
            "gradetype": 1,
            "grademax": 100.0,
            "sortorder": 50,
            "timecreated": made,
            "timemodified": made,
            **values,
        },
    )


def plant_grade(site: Site, item: int, user: int, value: float | None, **values: Any) -> int:
    graded = madrid(2024, 5, 6, 10, user % 60)
    return site.add(
        "grade_grades",
        **{"itemid": item, "userid": user, "finalgrade": value, "timemodified": graded, "aggregationstatus": "used", **values},
    )


def students(site: Site, course: str) -> list[int]:
    """People who are in the course and in the ordinary site."""
    return [user for user in site.people_of(by_shortname(site)[course]) if user in PEOPLE]


def stranger(site: Site, course: str, place: int = 0) -> int:
    """Somebody who is not in the course."""
    number = by_shortname(site)[course]
    return [user for user in PEOPLE if not site.is_enrolled(user, number)][place]


def module_of(site: Site, course: str, kind: str) -> Row:
    """The first activity of a kind in a course."""
    number, module = by_shortname(site)[course], next(row["id"] for row in site.all("modules") if row["name"] == kind)
    return next(row for row in site.all("course_modules") if row["course"] == number and row["module"] == module)


def plant_same_item_names(site: Site) -> None:
    for place, name in enumerate(("Project", "project ")):
        plant_grade(site, plant_item(site, "WRITE-LAB", name), students(site, "WRITE-LAB")[place], 70.0 + place)


def plant_nameless_item(site: Site) -> None:
    plant_grade(site, plant_item(site, "WRITE-LAB", None), students(site, "WRITE-LAB")[0], 64.5)


def plant_item_without_grades(site: Site) -> None:
    plant_grade(site, plant_item(site, "WRITE-LAB", "Announcements", gradetype=0), students(site, "WRITE-LAB")[0], 1.0)


def plant_activity_in_recycle_bin(site: Site) -> None:
    module_of(site, "STAT-CLINIC", "quiz")["deletioninprogress"] = 1


def plant_scale_that_is_gone(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Portfolio", gradetype=2, grademin=1.0, grademax=3.0, scaleid=77)
    plant_grade(site, item, students(site, "WRITE-LAB")[0], 2.0)


def plant_scale_that_differs(site: Site) -> None:
    assignment = module_of(site, "MICRO-LAB", "assign")["instance"]
    item = next(row for row in site.all("grade_items") if (row["itemmodule"], row["iteminstance"]) == ("assign", assignment))
    item |= {"gradetype": 1, "scaleid": None, "grademax": 100.0}


def plant_formula(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Sum of the parts", calculation="=##gi1##+##gi2##")
    plant_grade(site, item, students(site, "WRITE-LAB")[0], 143.0 / 2)


def plant_item_of_no_activity(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Removed quiz", itemtype="mod", itemmodule="quiz", iteminstance=777, itemnumber=0)
    plant_grade(site, item, students(site, "WRITE-LAB")[1], 55.0)


def plant_text_item(site: Site) -> None:
    item = plant_item(site, "WRITE-LAB", "Remarks", gradetype=3)
    first, second, *_ = students(site, "WRITE-LAB")
    plant_grade(site, item, first, None, feedback="Writes clearly & briefly", feedbackformat=2)
    plant_grade(site, item, second, 3.0, feedback="<p>Shy</p>", feedbackformat=1)


def plant_grade_category(site: Site) -> None:
    course = by_shortname(site)["TUTOR-KIT"]
    top = next(row for row in site.all("grade_categories") if row["courseid"] == course)
    made = {"timecreated": top["timecreated"], "timemodified": top["timemodified"]}
    below = site.add(
        "grade_categories",
        courseid=course,
        parent=top["id"],
        depth=2,
        fullname="Exercises",
        aggregation=0,
        aggregateonlygraded=1,
        **made,
    )
    site.get("grade_categories", below)["path"] = f"/{top['id']}/{below}/"
    site.add(
        "grade_items", courseid=course, itemtype="category", iteminstance=below, gradetype=1, grademax=100.0, sortorder=9, **made
    )


def plant_odd_grades(site: Site) -> None:
    item = plant_item(site, "SAFETY-FIRE", "Drill", grademin=-10.0, idnumber="DRILL", gradepass=50.0)
    people = students(site, "SAFETY-FIRE")
    day = madrid(2024, 6, 3, 12)
    plant_grade(site, item, people[0], 120.0)
    plant_grade(site, item, people[1], 33.33333, feedback='<p>See <img src="@@PLUGINFILE@@/exit.png"></p>', feedbackformat=1)
    plant_grade(site, item, people[2], 0.0, hidden=madrid(2026, 3, 2, 9))
    plant_grade(site, item, people[3], -5.0, locked=day, locktime=day + 30 * DAY, timecreated=day - 2 * DAY)
    plant_grade(site, item, people[4], None, excluded=day, timemodified=None)
    plant_grade(site, item, people[5], 88.88889, feedback="**Well** done", feedbackformat=4, overridden=day, hidden=1)
    plant_grade(site, item, stranger(site, "SAFETY-FIRE"), 91.0)
    plant_grade(site, item, GUEST, 10.0)


def plant_hidden_item(site: Site) -> None:
    plant_item(site, "SAFETY-FIRE", "Oral", hidden=madrid(2026, 9, 1), locked=madrid(2025, 1, 7), locktime=madrid(2027, 1, 7))


def plant_completion(site: Site, course: str, user: int, enrolled: int, started: int, completed: int | None) -> None:
    number = by_shortname(site)[course]
    site.add(
        "course_completions", userid=user, course=number, timeenrolled=enrolled, timestarted=started, timecompleted=completed
    )


def plant_odd_completions(site: Site) -> None:
    day = madrid(2024, 6, 3, 12)
    known = {row["userid"] for row in site.all("course_completions") if row["course"] == by_shortname(site)["SAFETY-FIRE"]}
    first, second, third, *_ = [user for user in students(site, "SAFETY-FIRE") if user not in known]
    plant_completion(site, "SAFETY-FIRE", first, 0, 0, None)
    plant_completion(site, "SAFETY-FIRE", second, day, day, day - 200 * DAY)
    plant_completion(site, "SAFETY-FIRE", third, day, day, madrid(2030, 1, 1))
    plant_completion(site, "SAFETY-FIRE", GUEST, day, day, day)
    plant_completion(site, "CHE-OLD", students(site, "CHE-OLD")[0], madrid(2019, 7, 1), 0, madrid(2019, 8, 30))


def plant_module_completion(site: Site, module: int, user: int, state: int = 1) -> None:
    held = {row["userid"] for row in site.all("course_modules_completion") if row["coursemoduleid"] == module}
    assert user not in held
    site.add(
        "course_modules_completion",
        coursemoduleid=module,
        userid=user,
        completionstate=state,
        timemodified=madrid(2024, 6, 3, 12),
    )


def plant_activity_without_name(site: Site) -> None:
    module = add_module(site, by_shortname(site)["WRITE-LAB"], "forum", 1, 2, completion=1, idnumber="TALK")
    plant_module_completion(site, module, students(site, "WRITE-LAB")[0])


def plant_odd_module_completions(site: Site) -> None:
    module = module_of(site, "SAFETY-FIRE", "quiz")["id"]
    held = {row["userid"] for row in site.all("course_modules_completion") if row["coursemoduleid"] == module}
    free = [user for user in students(site, "SAFETY-FIRE") if user not in held]
    plant_module_completion(site, module, free[0], state=4)
    plant_module_completion(site, module, stranger(site, "SAFETY-FIRE", 1))
    plant_module_completion(site, module, GUEST)
    plant_module_completion(site, 7777, free[0])


GUEST = 1
GRADES = "SELECT g.id FROM mdl_grade_grades g JOIN mdl_grade_items i ON i.id = g.itemid"
DRILL = "itemid IN (SELECT id FROM mdl_grade_items WHERE itemname = 'Drill')"
TOTALS = "itemid IN (SELECT id FROM mdl_grade_items WHERE itemtype IN ('course', 'category'))"
SAYS_NOTHING = (
    "finalgrade IS NULL AND feedback IS NULL AND overridden = 0 AND excluded = 0 AND hidden = 0 AND locked = 0 AND locktime = 0"
)
IN_BIN = "SELECT m.id, m.instance FROM mdl_course_modules m WHERE m.deletioninprogress = 1"
NOT_IN_COURSE = (
    "NOT EXISTS (SELECT 1 FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid"
    " WHERE ue.userid = {user} AND e.courseid = {course})"
)

HISTORY_TITLE = "the grades and completions of the Moodle sample, for a move into another Moodle"
HISTORY_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Two columns of one name but for case and blanks",
        "WRITE-LAB (Project)",
        "ITEM-NAME-SHARED",
        plant_same_item_names,
        "SELECT id FROM mdl_grade_items WHERE lower(trim(itemname)) = 'project'",
        2,
    ),
    Fault(
        "Column without a name",
        "WRITE-LAB",
        "ITEM-NAME-BLANK",
        plant_nameless_item,
        "SELECT id FROM mdl_grade_items WHERE itemtype = 'manual' AND itemname IS NULL",
        1,
    ),
    Fault(
        "Column that takes no grades",
        "WRITE-LAB (Announcements)",
        "ITEM-NO-GRADE",
        plant_item_without_grades,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 0",
        1,
    ),
    Fault(
        "Grade in a column that takes none, or of an activity in the recycle bin",
        "WRITE-LAB (Announcements), STAT-CLINIC (Final test)",
        "GRD-ITEM-EXCLUDED",
        None,
        f"{GRADES} WHERE i.gradetype = 0",
        1,
    ),
    Fault(
        "Column of an activity in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ITEM-DELETING",
        plant_activity_in_recycle_bin,
        f"SELECT i.id FROM mdl_grade_items i JOIN ({IN_BIN}) m ON m.instance = i.iteminstance WHERE i.itemmodule = 'quiz'",
        1,
    ),
    Fault(
        "Activity in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ACT-DELETING",
        None,
        IN_BIN,
        1,
    ),
    Fault(
        "Completion of an activity in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ACP-ACTIVITY-EXCLUDED",
        None,
        f"SELECT c.id FROM mdl_course_modules_completion c JOIN ({IN_BIN}) m ON m.id = c.coursemoduleid"
        " WHERE c.completionstate > 0",
        13,
    ),
    Fault(
        "Column on a scale; a scale cannot be made by a backup of history",
        "Notebook of every other course, and assignments",
        "ITEM-SCALE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid IN (SELECT id FROM mdl_scale)",
        22,
    ),
    Fault(
        "Column whose scale is gone",
        "WRITE-LAB (Portfolio)",
        "ITEM-SCALE-GONE",
        plant_scale_that_is_gone,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid NOT IN (SELECT id FROM mdl_scale)",
        1,
    ),
    Fault(
        "Grade on a scale that is gone",
        "WRITE-LAB (Portfolio)",
        "GRD-SCALE-WORD",
        None,
        f"{GRADES} WHERE i.scaleid = 77",
        1,
    ),
    Fault(
        "Assignment marked on a scale whose column takes numbers",
        "MICRO-LAB (Report)",
        "ITEM-SCALE-DIFFERS",
        plant_scale_that_differs,
        "SELECT a.id FROM mdl_assign a JOIN mdl_grade_items i ON i.itemmodule = 'assign' AND i.iteminstance = a.id"
        " WHERE a.grade < 0 AND i.gradetype <> 2",
        1,
    ),
    Fault(
        "Column that is worked out by a formula",
        "WRITE-LAB (Sum of the parts)",
        "ITEM-CALCULATED",
        plant_formula,
        "SELECT id FROM mdl_grade_items WHERE calculation IS NOT NULL",
        1,
    ),
    Fault(
        "Column of an activity that is gone",
        "WRITE-LAB (Removed quiz)",
        "ITEM-ACTIVITY-GONE",
        plant_item_of_no_activity,
        "SELECT id FROM mdl_grade_items WHERE iteminstance = 777",
        1,
    ),
    Fault(
        "Remark in a column of text",
        "WRITE-LAB (Remarks)",
        "-",
        plant_text_item,
        f"{GRADES} WHERE i.gradetype = 3 AND g.finalgrade IS NULL",
        1,
    ),
    Fault(
        "Number in a column of text",
        "WRITE-LAB (Remarks)",
        "GRD-TEXT-NUMBER",
        None,
        f"{GRADES} WHERE i.gradetype = 3 AND g.finalgrade > 0",
        1,
    ),
    Fault(
        "Total of a course or of a category",
        "grade_items, one for each course; TUTOR-KIT (Exercises)",
        "ITEM-TOTAL",
        None,
        "SELECT id FROM mdl_grade_items WHERE itemtype IN ('course', 'category')",
        37,
    ),
    Fault(
        "Gradebook whose total is no plain sum: a category, a formula",
        "TUTOR-KIT, WRITE-LAB",
        "ITEM-NO-WEIGHT",
        plant_grade_category,
        "SELECT id FROM mdl_grade_categories WHERE depth = 2",
        1,
    ),
    Fault(
        "Grade of a total",
        "grade_grades of the totals",
        "GRD-TOTAL",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {TOTALS} AND overridden = 0 AND NOT ({SAYS_NOTHING})",
        854,
    ),
    Fault(
        "Total that a teacher set by hand",
        "grade_grades of the totals",
        "GRD-TOTAL-OVERRIDDEN",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {TOTALS} AND overridden > 0",
        19,
    ),
    Fault(
        "Row without a grade, which says nothing else",
        "grade_grades",
        "GRD-EMPTY",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {SAYS_NOTHING}",
        458,
    ),
    Fault(
        "Grade above what the column allows",
        "SAFETY-FIRE (Drill)",
        "GRD-RANGE",
        plant_odd_grades,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND finalgrade > 100",
        1,
    ),
    Fault(
        "Remark with a picture",
        "SAFETY-FIRE (Drill)",
        "GRD-FEEDBACK-FILES",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND feedback LIKE '%@@PLUGINFILE@@%'",
        1,
    ),
    Fault(
        "Grade of somebody who is not in the course",
        "SAFETY-FIRE (Drill)",
        "GRD-NOT-ENROLLED",
        None,
        f"{GRADES} WHERE {DRILL} AND g.userid <> {GUEST} AND {NOT_IN_COURSE.format(user='g.userid', course='i.courseid')}",
        1,
    ),
    Fault(
        "Grade of the guest account",
        "SAFETY-FIRE (Drill)",
        "GRD-USER-EXCLUDED",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE userid = {GUEST}",
        1,
    ),
    Fault(
        "Grade by somebody who is not in the other site",
        "grades by user 2, whose name the other administrator has",
        "GRD-GRADER-UNKNOWN",
        None,
        "SELECT id FROM mdl_grade_grades WHERE usermodified = 2",
        2729,
    ),
    Fault(
        "Grade of 0 that is hidden until a day; grade below 0 that is locked; person without a grade who is exempt",
        "SAFETY-FIRE (Drill)",
        "-",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND (hidden > 1 OR finalgrade < 0 OR excluded > 0)",
        3,
    ),
    Fault(
        "Column that is hidden until a day, and locked",
        "SAFETY-FIRE (Oral)",
        "-",
        plant_hidden_item,
        "SELECT id FROM mdl_grade_items WHERE hidden > 1",
        1,
    ),
    Fault(
        "Completion row without any date",
        "SAFETY-FIRE",
        "CMP-EMPTY",
        plant_odd_completions,
        "SELECT id FROM mdl_course_completions WHERE timeenrolled = 0 AND timestarted = 0 AND timecompleted IS NULL",
        3,
    ),
    Fault(
        "Completed before the person was enrolled",
        "SAFETY-FIRE",
        "CMP-BEFORE-ENROLMENT",
        None,
        "SELECT id FROM mdl_course_completions WHERE timecompleted < timeenrolled",
        1,
    ),
    Fault(
        "Completed in the future",
        "SAFETY-FIRE",
        "CMP-FUTURE",
        None,
        f"SELECT id FROM mdl_course_completions WHERE timecompleted > {madrid(2026, 1, 1)}",
        1,
    ),
    Fault(
        "Completion of the guest account",
        "SAFETY-FIRE",
        "CMP-USER-EXCLUDED",
        None,
        f"SELECT id FROM mdl_course_completions WHERE userid = {GUEST}",
        1,
    ),
    Fault(
        "Completion by people who are not in the course",
        "SAFETY-FIRE, user 905, 906",
        "CMP-NOT-ENROLLED",
        None,
        f"SELECT c.id FROM mdl_course_completions c WHERE c.userid <> {GUEST}"
        f" AND {NOT_IN_COURSE.format(user='c.userid', course='c.course')}",
        2,
    ),
    Fault(
        "Completion in a course that tracks none",
        "CHE-OLD",
        "CMP-NOT-TRACKED",
        None,
        "SELECT c.id FROM mdl_course_completions c JOIN mdl_course k ON k.id = c.course WHERE k.enablecompletion = 0",
        1,
    ),
    Fault(
        "Activity whose name stands in a table that is not there",
        "WRITE-LAB (forum)",
        "ACT-NAME-UNKNOWN",
        plant_activity_without_name,
        "SELECT m.id FROM mdl_course_modules m JOIN mdl_modules k ON k.id = m.module WHERE k.name = 'forum'",
        1,
    ),
    Fault(
        "Activity that nobody completed",
        "course_modules",
        "ACT-NO-COMPLETION",
        None,
        "SELECT id FROM mdl_course_modules WHERE deletioninprogress = 0 AND id NOT IN"
        " (SELECT coursemoduleid FROM mdl_course_modules_completion WHERE completionstate > 0)",
        2,
    ),
    Fault(
        "Activity that is not complete",
        "course_modules_completion",
        "ACP-NOT-COMPLETE",
        None,
        "SELECT id FROM mdl_course_modules_completion WHERE completionstate = 0",
        215,
    ),
    Fault(
        "Failed, which the person was not to see",
        "SAFETY-FIRE (Final test)",
        "ACP-FAIL-HIDDEN",
        plant_odd_module_completions,
        "SELECT id FROM mdl_course_modules_completion WHERE completionstate = 4",
        1,
    ),
    Fault(
        "Activity completed by somebody who is not in the course",
        "SAFETY-FIRE (Final test)",
        "ACP-NOT-ENROLLED",
        None,
        f"SELECT c.id FROM mdl_course_modules_completion c JOIN mdl_course_modules m ON m.id = c.coursemoduleid"
        f" WHERE c.userid <> {GUEST} AND {NOT_IN_COURSE.format(user='c.userid', course='m.course')}",
        1,
    ),
    Fault(
        "Activity completed by the guest account",
        "SAFETY-FIRE (Final test)",
        "ACP-USER-EXCLUDED",
        None,
        f"SELECT id FROM mdl_course_modules_completion WHERE userid = {GUEST}",
        1,
    ),
    Fault(
        "Completion of an activity that never was",
        "course_modules 7777",
        "REF-ORPHAN",
        None,
        "SELECT id FROM mdl_course_modules_completion WHERE coursemoduleid = 7777",
        1,
    ),
)
"""What a move into another Moodle meets in grades and completions; ``moodle_history.md`` is this table for people."""


# ----------------------------------------------------------------------------------------------------
# Faults of columns and grades as the move to Canvas meets them.
# ----------------------------------------------------------------------------------------------------


def plant_total_that_nobody_has(site: Site) -> None:
    course = by_shortname(site)["GRANTS"]
    times = {"timecreated": FIXED["startdate"], "timemodified": FIXED["startdate"]}
    top = site.add("grade_categories", courseid=course, depth=1, fullname="?", aggregation=13, aggregateonlygraded=1, **times)
    site.get("grade_categories", top)["path"] = f"/{top}/"
    site.add("grade_items", courseid=course, itemtype="course", iteminstance=top, sortorder=1, **times)


def plant_column_in_two_languages(site: Site) -> None:
    name = '<span lang="en" class="multilang">Oral exam</span><span lang="es" class="multilang">Examen oral</span>'
    item, day = plant_item(site, "SAFETY-LAB", name), madrid(2024, 6, 3, 12)
    first, second, third, fourth, *_ = students(site, "SAFETY-LAB")
    plant_grade(site, item, first, 45.0, excluded=day)
    plant_grade(site, item, second, None, feedback="Was ill, comes in June", feedbackformat=2)
    plant_grade(site, item, third, 55.5, hidden=day, feedback='2 < 3 & "so" on', feedbackformat=2)
    plant_grade(site, item, fourth, 0.0, feedback="<p>Did not<br>turn up</p><p>Again &amp; again</p>", feedbackformat=1)


def plant_grades_of_one_person_twice(site: Site) -> None:
    item = plant_item(site, "SAFETY-LAB", "Locker check")
    plant_grade(site, item, 907, 61.0)
    plant_grade(site, item, 908, 74.0)


def plant_grade_by_the_second_account(site: Site) -> None:
    plant_grade(site, plant_item(site, "ONB-01", "Interview"), 908, 82.25)


def plant_grade_of_somebody_without_role(site: Site) -> None:
    plant_grade(site, plant_item(site, "STAT-CLINIC", "Consultation"), 938, 77.0)


SEEN_LATER = "(hidden = 1 OR hidden > 1767225600)"
LAB_EXAM = "itemid IN (SELECT id FROM mdl_grade_items WHERE itemname LIKE '%Oral exam%')"
GRADES_TITLE = "the columns and grades of the Moodle sample, for the move to Canvas"
GRADE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "Column or grade that the import package has no place for",
        "grade_items and grade_grades, but those below that stay behind or wait",
        "LIVE-ONLY",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 1 AND hidden = 0 AND itemtype = 'manual'",
        9,
    ),
    Fault(
        "Total of a category",
        "TUTOR-KIT (Exercises)",
        "ITEM-CATEGORY-TOTAL",
        None,
        "SELECT id FROM mdl_grade_items WHERE itemtype = 'category'",
        1,
    ),
    Fault(
        "Total of a course in which nobody has a grade",
        "GRANTS",
        "ITEM-TOTAL-EMPTY",
        plant_total_that_nobody_has,
        "SELECT id FROM mdl_grade_items i WHERE itemtype = 'course'"
        " AND NOT EXISTS (SELECT 1 FROM mdl_grade_grades g WHERE g.itemid = i.id AND g.finalgrade IS NOT NULL)",
        1,
    ),
    Fault(
        "Column of the kind none",
        "WRITE-LAB (Announcements)",
        "ITEM-NO-GRADE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 0",
        1,
    ),
    Fault(
        "Column that takes remarks and no points",
        "WRITE-LAB (Remarks)",
        "ITEM-TEXT",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 3",
        1,
    ),
    Fault(
        "Column whose activity is in the recycle bin",
        "STAT-CLINIC (Final test)",
        "ITEM-DELETING",
        None,
        f"SELECT i.id FROM mdl_grade_items i JOIN ({IN_BIN}) m ON m.instance = i.iteminstance WHERE i.itemmodule = 'quiz'",
        1,
    ),
    Fault(
        "Grade in a column that stays behind",
        "WRITE-LAB (Announcements, Remarks), STAT-CLINIC (Final test)",
        "GRD-ITEM-EXCLUDED",
        None,
        f"{GRADES} WHERE i.gradetype IN (0, 3) AND g.finalgrade IS NOT NULL",
        2,
    ),
    Fault(
        "Column that students see from a day on that has not come",
        "SAFETY-FIRE (Oral)",
        "ITEM-HIDDEN",
        None,
        f"SELECT id FROM mdl_grade_items WHERE {SEEN_LATER}",
        1,
    ),
    Fault(
        "Grade that its student does not see",
        "grade_grades.hidden",
        "GRD-HIDDEN",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE finalgrade IS NOT NULL AND {SEEN_LATER}",
        64,
    ),
    Fault(
        "Column of numbers whose assignment is marked on a scale",
        "MICRO-LAB (Report)",
        "ITEM-SCALE-DIFFERS",
        None,
        "SELECT a.id FROM mdl_assign a JOIN mdl_grade_items i ON i.itemmodule = 'assign' AND i.iteminstance = a.id"
        " WHERE a.grade < 0 AND i.gradetype <> 2",
        1,
    ),
    Fault(
        "Grade in a column that waits for a decision",
        "MICRO-LAB (Report)",
        "REF-BLOCKED",
        None,
        f"{GRADES} JOIN mdl_assign a ON i.itemmodule = 'assign' AND i.iteminstance = a.id"
        " WHERE a.grade < 0 AND i.gradetype <> 2 AND g.finalgrade IS NOT NULL",
        23,
    ),
    Fault(
        "Column on a scale; positions go as points and words as comments",
        "Notebook of every other course, and assignments",
        "ITEM-SCALE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid IN (SELECT id FROM mdl_scale)",
        22,
    ),
    Fault(
        "Column on a scale of which nobody knows the words",
        "WRITE-LAB (Portfolio)",
        "ITEM-SCALE-GONE",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 2 AND scaleid NOT IN (SELECT id FROM mdl_scale)",
        1,
    ),
    Fault(
        "Grade whose word nobody knows",
        "WRITE-LAB (Portfolio)",
        "GRD-SCALE-WORD",
        None,
        f"{GRADES} WHERE i.scaleid = 77",
        1,
    ),
    Fault(
        "Column whose lowest grade is not 0",
        "SAFETY-FIRE (Drill), MICRO-LAB (Report)",
        "ITEM-MINIMUM",
        None,
        "SELECT id FROM mdl_grade_items WHERE gradetype = 1 AND grademin <> 0",
        2,
    ),
    Fault(
        "Column that is called by its number",
        "WRITE-LAB",
        "ITEM-NAME-BLANK",
        None,
        "SELECT id FROM mdl_grade_items WHERE itemtype = 'manual' AND itemname IS NULL",
        1,
    ),
    Fault(
        "Column whose name is given in two languages",
        "SAFETY-LAB (Oral exam)",
        "ITEM-MULTILANG",
        plant_column_in_two_languages,
        "SELECT id FROM mdl_grade_items WHERE itemname LIKE '%multilang%'",
        1,
    ),
    Fault(
        "Columns of a gradebook that Canvas cannot add up",
        "TUTOR-KIT, WRITE-LAB",
        "ITEM-NO-WEIGHT",
        None,
        "SELECT id FROM mdl_grade_categories WHERE depth = 2",
        1,
    ),
    Fault(
        "Column by formula",
        "WRITE-LAB (Sum of the parts)",
        "ITEM-CALCULATED",
        None,
        "SELECT id FROM mdl_grade_items WHERE calculation IS NOT NULL",
        1,
    ),
    Fault(
        "Column that an activity left behind",
        "WRITE-LAB (Removed quiz)",
        "ITEM-ACTIVITY-GONE",
        None,
        "SELECT id FROM mdl_grade_items WHERE iteminstance = 777",
        1,
    ),
    Fault(
        "Row without grade, remark or exemption",
        "grade_grades",
        "GRD-EMPTY",
        None,
        "SELECT id FROM mdl_grade_grades WHERE finalgrade IS NULL AND excluded = 0 AND feedback IS NULL",
        468,
    ),
    Fault(
        "Remark without a grade",
        "SAFETY-LAB (Oral exam), WRITE-LAB (Remarks)",
        "GRD-REMARK-ONLY",
        None,
        "SELECT id FROM mdl_grade_grades WHERE finalgrade IS NULL AND feedback <> ''",
        2,
    ),
    Fault(
        "Exempt, and has a grade",
        "SAFETY-LAB (Oral exam)",
        "GRD-EXEMPT-SCORE",
        None,
        "SELECT id FROM mdl_grade_grades WHERE finalgrade IS NOT NULL AND excluded > 0",
        1,
    ),
    Fault(
        "Grade of 0 with a remark of two paragraphs; one hidden until a day long past, with a remark that looks like HTML",
        "SAFETY-LAB (Oral exam)",
        "-",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {LAB_EXAM} AND finalgrade IS NOT NULL AND excluded = 0",
        2,
    ),
    Fault(
        "Grades of one person in one column, by two accounts",
        "SAFETY-LAB (Locker check), user 907 + 908",
        "GRD-FOLDED",
        plant_grades_of_one_person_twice,
        f"{GRADES} WHERE i.itemname = 'Locker check'",
        2,
    ),
    Fault(
        "Grade by the second account of a person who is in the course by the first",
        "ONB-01 (Interview), user 908",
        "-",
        plant_grade_by_the_second_account,
        f"{GRADES} WHERE i.itemname = 'Interview'",
        1,
    ),
    Fault(
        "Grade of somebody whose enrolment waits for a role",
        "STAT-CLINIC (Consultation), user 938",
        "CANVAS-GRADE-NOT-STUDENT",
        plant_grade_of_somebody_without_role,
        f"{GRADES} WHERE i.itemname = 'Consultation'",
        1,
    ),
    Fault(
        "Grade of somebody who has left the course, or never was in it",
        "SAFETY-FIRE (Drill), user 905, 906",
        "GRD-NOT-ENROLLED",
        None,
        f"{GRADES} WHERE g.userid <> 908 AND {NOT_IN_COURSE.format(user='g.userid', course='i.courseid')}",
        4,
    ),
    Fault(
        "Points above what the column allows",
        "SAFETY-FIRE (Drill)",
        "GRD-RANGE",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND finalgrade > 100",
        1,
    ),
    Fault(
        "Remark that shows a picture",
        "SAFETY-FIRE (Drill)",
        "GRD-FEEDBACK-FILES",
        None,
        f"SELECT id FROM mdl_grade_grades WHERE {DRILL} AND feedback LIKE '%@@PLUGINFILE@@%'",
        1,
    ),
)
"""What the move to Canvas meets in columns and grades; ``moodle_grades.md`` is this table for people."""


def fault_table(faults: tuple[Fault, ...] = FAULTS, about: str = "the Moodle sample") -> str:
    """``moodle.md``, ``moodle_history.md`` or ``moodle_grades.md``: faults as one Markdown table."""
    return planted.fault_table(faults, about)


# ----------------------------------------------------------------------------------------------------
# Writing
# ----------------------------------------------------------------------------------------------------


def build() -> Site:
    """The ordinary site with every fault planted."""
    site = build_site()
    for fault in (*FAULTS, *HISTORY_FAULTS, *GRADE_FAULTS):
        if fault.plant:
            fault.plant(site)
    counts: dict[int, int] = {}
    for course in site.all("course"):
        counts[course["category"]] = counts.get(course["category"], 0) + 1
    for category in site.all("course_categories"):
        category["coursecount"] = counts.get(category["id"], 0)
    return site


def statements(site: Site) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The SQL that writes a site. Bytes become text as they are, valid or not."""
    for table, columns in site.columns.items():
        body = [column.ddl() for column in columns.values()]
        if table in UNIQUE:
            body.append(f"UNIQUE ({', '.join(UNIQUE[table])})")
        listed = ",\n    ".join(body)
        yield f'CREATE TABLE "{PREFIX}{table}" (\n    {listed}\n)', ()
        for number in sorted(site.rows[table]):
            values = tuple(site.rows[table][number].values())
            marks = ", ".join("CAST(? AS TEXT)" if isinstance(value, bytes) else "?" for value in values)
            yield f'INSERT INTO "{PREFIX}{table}" VALUES ({marks})', values


def generate(path: Path) -> None:
    """Write the sample database, replacing a file that is there."""
    write(build(), path)


def write(site: Site, path: Path) -> None:
    """Write a site as a SQLite file, which appears under its name only when it is complete."""
    unfinished = path.with_name(path.name + ".partial")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished)) as database:
        database.execute("PRAGMA encoding = 'UTF-8'")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        with database:
            for sql, values in statements(site):
                database.execute(sql, values)
    unfinished.replace(path)


LISTS = {
    "list": fault_table,
    "list-history": lambda: fault_table(HISTORY_FAULTS, HISTORY_TITLE),
    "list-grades": lambda: fault_table(GRADE_FAULTS, GRADES_TITLE),
}

if __name__ == "__main__":
    sys.exit(planted.command_line(generate, LISTS, "Moodle sample"))
