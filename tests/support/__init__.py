"""What tests of several kinds are built from. Import it as ``support``: pytest's path has tests."""
