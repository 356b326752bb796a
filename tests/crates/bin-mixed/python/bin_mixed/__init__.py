def main():
    print("from Python")
