"""Change control: what a rehearsal has to reach, who signs for it, and what a live run demands before it writes."""
