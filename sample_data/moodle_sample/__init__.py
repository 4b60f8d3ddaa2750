"""The parts of the Moodle sample: see ``generate_moodle.py``."""
