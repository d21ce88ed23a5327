"""`python -m rap_analyzer` is `rap`."""

from rap_analyzer.cli import main

if __name__ == "__main__":
    main()
