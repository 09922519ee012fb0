"""notify: tells the team's robot what happened."""
