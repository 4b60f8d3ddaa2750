"""The report as JUnit XML, which CI servers show as test cases."""
