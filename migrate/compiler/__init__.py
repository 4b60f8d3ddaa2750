"""From contracts and mappings to SQL. Nothing here touches data; people can read every statement (`lms-migrate sql`)."""
