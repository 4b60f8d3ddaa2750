"""The test plan of a workspace: what has to be proven, which records a person looks at, and what was found.

``words``: the file people edit. ``policy``: that file read and checked. ``plan``: the plan of one run, frozen; ``draw`` makes it.
``store``: plans and results in the workspace. ``take_in``: a filled worksheet. ``judge``: accepted, refused, or not finished.
"""
