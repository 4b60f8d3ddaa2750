"""Canvas as a live target.

connector   what the live stage calls
words       the words of contracts and workspaces, checked
http        one token for one address: retries, throttling, pages, downloads
jobs        SIS imports and Progress: uploaded, followed, their messages read
reports     reports of the account, and their lines as records
csv_file    records as a file of the SIS import
sis         entities written by the SIS import
rest        entities written one by one
grades      grades, in bulk and singly
keys        comparing, and taking keys apart
"""

from migrate.connectors.canvas_sis.connector import CanvasTarget

__all__ = ["CanvasTarget"]
