"""What scikit-learn asks of estimators: their input, its names, and errors before `fit`."""
