from . import add


def main():
    print(add(40, 2))
