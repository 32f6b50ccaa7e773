"""Sound: Q-SYS (`qsys_qrc`), Tesira (`tesira_ttp`), Shure (`shure`); they share what decibels are to a room."""
