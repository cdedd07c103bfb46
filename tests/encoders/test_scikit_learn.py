"""TableEncoder keeps scikit-learn's contract."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from synthgen.encoders.table_encoder import TableEncoder
from synthgen.exceptions import DataError
from tests.common.estimator_checks import each_check, run_check


@each_check([TableEncoder()])
def test_scikit_learns_own_checks(estimator, check):
    run_check(estimator, check)
