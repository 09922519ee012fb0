"""What several functions build alike; each function's ``dependencies`` module adds its own.

The parts are modules of their own so that a function imports no library that it does not use.
"""
