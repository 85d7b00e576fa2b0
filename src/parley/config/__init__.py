"""File and environment become one frozen Config; what is doubtful stops start-up. Only this room reads either."""

from parley.config.config import Config as Config
from parley.config.config import load_config as load_config
from parley.config.config import read_environment as read_environment
from parley.config.document import ConfigError as ConfigError
