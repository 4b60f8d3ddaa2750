"""The test plan of a workspace: what has to be proven, which records a person looks at, and what was found.

``words``: the file people edit. ``policy``: that file read and checked. ``plan``: the plan for one run, frozen. ``store``: plans and
results in the workspace. ``results``: a filled worksheet taken in. ``judge``: accepted, refused, or not finished.
"""
