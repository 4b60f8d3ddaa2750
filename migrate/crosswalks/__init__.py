"""Value tables that people confirm: reading them, what rows use of them, what is proposed, and what people answered."""
