<?php
// Asks and fills a real Moodle site for tests, through Moodle's own functions. Speaks JSON. Never run it against a site in use.
//   php moodle_site.php FOLDER course SHORTNAME USERNAME...   makes a course with these people in it; gives its id
//   php moodle_site.php FOLDER rows COURSEID                  the history that the course holds
//   php moodle_site.php FOLDER around COURSEID                what a restore of history must not touch
//   php moodle_site.php FOLDER tasks                          completion tasks and whatever waits to be done
//   php moodle_site.php FOLDER cohorts FILE                   uploads cohorts, as their page does; gives its errors
define('CLI_SCRIPT', true);
require($argv[1] . '/config.php');
require_once($CFG->libdir . '/gradelib.php');
require_once($CFG->dirroot . '/course/lib.php');
require_once($CFG->dirroot . '/user/lib.php');
require_once($CFG->dirroot . '/group/lib.php');
\core\session\manager::set_user(get_admin());

function rows(string $sql, array $parameters): array {
    global $DB;
    $rows = [];
    $found = $DB->get_recordset_sql($sql, $parameters);
    foreach ($found as $row) {
        $rows[] = $row;
    }
    $found->close();
    return $rows;
}

function course(string $shortname, array $usernames): int {
    global $DB, $CFG;
    set_config('sendcoursewelcomemessage', 0, 'enrol_manual');
    $category = $DB->get_field_sql('SELECT MIN(id) FROM {course_categories}');
    $course = create_course((object)['category' => $category, 'fullname' => $shortname, 'shortname' => $shortname,
        'enablecompletion' => 1, 'startdate' => 1600000000, 'format' => 'topics', 'numsections' => 2]);
    $manual = enrol_get_plugin('manual');
    $instance = $DB->get_record('enrol', ['courseid' => $course->id, 'enrol' => 'manual']);
    $student = $DB->get_field('role', 'id', ['shortname' => 'student']);
    $group = groups_create_group((object)['courseid' => $course->id, 'name' => 'Group']);
    foreach ($usernames as $username) {
        $id = user_create_user(['username' => $username, 'firstname' => 'First', 'lastname' => 'Last', 'auth' => 'manual',
            'email' => "$username@example.invalid", 'mnethostid' => $CFG->mnet_localhost_id, 'confirmed' => 1], false, false);
        $manual->enrol_user($instance, $id, $student, 1500000000, 0, ENROL_USER_SUSPENDED);
        groups_add_member($group, $id);
    }
    $item = new grade_item(['courseid' => $course->id, 'itemtype' => 'manual', 'itemname' => 'Own item', 'grademax' => 10,
        'categoryid' => grade_category::fetch_course_category($course->id)->id]);
    $item->insert();
    $item->update_final_grade($id, 7);
    grade_regrade_final_grades($course->id);
    return $course->id;
}

function history(int $course): array {
    return [
        'grade_items' => rows("SELECT idnumber, itemname, gradetype, grademax, grademin, gradepass, iteminfo, weightoverride,
            hidden, locked, locktime, timecreated FROM {grade_items}
            WHERE courseid = ? AND itemtype = 'manual' AND itemname <> 'Own item'", [$course]),
        // Moodle itself makes empty grades of everyone for every item.
        'grades' => rows("SELECT i.idnumber AS item, u.username AS username, g.finalgrade, g.feedback, g.feedbackformat,
            g.timecreated, g.timemodified, m.username AS grader, g.overridden, g.excluded, g.hidden, g.locked, g.locktime
            FROM {grade_grades} g JOIN {grade_items} i ON i.id = g.itemid JOIN {user} u ON u.id = g.userid
            LEFT JOIN {user} m ON m.id = g.usermodified
            WHERE i.courseid = ? AND i.itemtype = 'manual' AND i.itemname <> 'Own item'
            AND NOT (g.finalgrade IS NULL AND g.feedback IS NULL AND g.timemodified IS NULL AND g.locked = 0
            AND g.excluded = 0 AND g.overridden = 0 AND g.hidden = 0)", [$course]),
        'course_completions' => rows("SELECT u.username AS username, c.timeenrolled, c.timestarted, c.timecompleted
            FROM {course_completions} c JOIN {user} u ON u.id = c.userid WHERE c.course = ?", [$course]),
        'activities' => rows("SELECT cm.idnumber, m.name AS kind, cm.visible, cm.added,
            COALESCE(l.name, p.name, w.name) AS name, COALESCE(l.intro, p.content, w.intro) AS text, w.externalurl
            FROM {course_modules} cm JOIN {modules} m ON m.id = cm.module
            LEFT JOIN {label} l ON l.id = cm.instance AND m.name = 'label'
            LEFT JOIN {page} p ON p.id = cm.instance AND m.name = 'page'
            LEFT JOIN {url} w ON w.id = cm.instance AND m.name = 'url'
            WHERE cm.course = ? AND m.name IN ('label', 'page', 'url')", [$course]),
        'activity_completions' => rows("SELECT cm.idnumber AS activity, u.username AS username, c.completionstate,
            c.timemodified, v.timecreated AS timeviewed
            FROM {course_modules_completion} c JOIN {course_modules} cm ON cm.id = c.coursemoduleid
            JOIN {user} u ON u.id = c.userid
            LEFT JOIN {course_modules_viewed} v ON v.coursemoduleid = cm.id AND v.userid = u.id WHERE cm.course = ?", [$course]),
    ];
}

function around(int $course): array {
    $context = context_course::instance($course)->id;
    return [
        'course' => rows('SELECT fullname, shortname, idnumber, summary, format, startdate, enddate, visible, groupmode,
            enablecompletion, category FROM {course} WHERE id = ?', [$course]),
        'sections' => rows('SELECT section, name, summary, visible FROM {course_sections} WHERE course = ? ORDER BY section', [$course]),
        'enrol' => rows('SELECT id, enrol, status FROM {enrol} WHERE courseid = ? ORDER BY id', [$course]),
        'enrolments' => rows('SELECT ue.* FROM {user_enrolments} ue JOIN {enrol} e ON e.id = ue.enrolid
            WHERE e.courseid = ? ORDER BY ue.id', [$course]),
        'roles' => rows('SELECT id, roleid, userid, component FROM {role_assignments} WHERE contextid = ? ORDER BY id', [$context]),
        'groups' => rows('SELECT id, name FROM {groups} WHERE courseid = ?', [$course]),
        'members' => rows('SELECT m.* FROM {groups_members} m JOIN {groups} g ON g.id = m.groupid WHERE g.courseid = ?
            ORDER BY m.id', [$course]),
        'accounts' => rows('SELECT COUNT(*) AS n FROM {user}', []),
        'own grades' => rows("SELECT g.userid, g.finalgrade, g.timemodified FROM {grade_grades} g
            JOIN {grade_items} i ON i.id = g.itemid WHERE i.courseid = ? AND i.itemname = 'Own item'
            AND g.finalgrade IS NOT NULL", [$course]),
    ];
}

function tasks(): bool {
    ob_start();
    foreach (['completion_daily_task', 'completion_regular_task'] as $name) {
        $class = "\\core\\task\\$name";
        (new $class())->execute();
    }
    while ($task = \core\task\manager::get_next_adhoc_task(time())) {
        $task->execute();
        \core\task\manager::adhoc_task_complete($task);
    }
    ob_end_clean();
    return true;
}

function cohorts(string $path): array {
    global $CFG, $USER, $PAGE;
    require_once($CFG->dirroot . '/cohort/lib.php');
    require_once($CFG->libdir . '/csvlib.class.php');
    require_once($CFG->dirroot . '/cohort/upload_form.php');
    $site = context_system::instance();
    $PAGE->set_context($site);
    $PAGE->set_url('/cohort/upload.php');
    $place = ['contextid' => context_user::instance($USER->id)->id, 'component' => 'user', 'filearea' => 'draft',
        'itemid' => random_int(1, 1 << 30), 'filepath' => '/', 'filename' => 'cohorts.csv'];
    $file = get_file_storage()->create_file_from_string($place, file_get_contents($path));
    $form = new cohort_upload_form(null, ['contextid' => $site->id]);
    // A page would hand the file over in a request.
    $read = new ReflectionMethod($form, 'process_upload_file');
    $form->processeddata = $read->invoke($form, $file, 'UTF-8', 'comma', $site);
    $said = [];
    foreach ($form->processeddata as $line) {
        array_push($said, ...array_map('strval', [...$line['errors'], ...$line['warnings']]));
    }
    if (!$form->processeddata[0]['errors']) {
        array_map('cohort_add_cohort', $form->get_cohorts_data());
    }
    return $said;
}

$answer = match ($argv[2]) {
    'course' => course($argv[3], array_slice($argv, 4)),
    'rows' => history((int)$argv[3]),
    'around' => around((int)$argv[3]),
    'tasks' => tasks(),
    'cohorts' => cohorts($argv[3]),
};
echo "\n", json_encode($answer, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), "\n";
