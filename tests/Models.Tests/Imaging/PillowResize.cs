namespace Fovea.Models.Tests.Imaging;

/// <summary>Pillow's results for a picture with the values (7 x x + 13 y + 50 c + 3 x y) mod 256, written by pillow_resize.py.</summary>
internal static class PillowResize
{
    /// <summary>The preprocessing, and the cropped pixels in base64.</summary>
    public static TheoryData<string, string> Cases => new()
    {
        {
            """{"resize": [12, 20], "crop": [8, 10], "interpolation": "bilinear"}""",
            "UHeppa1iTnSBjJpgbFh2k3+AVYenNGNzm0ljtbJFcKLUdj5wgnyux0x+UoS2fmxTnqhcXY+nO12PlEFzm7JwPGp4jLFPf3p5ka+KV2SWkERK"
                + "ophEfKuwZZemxkRqbHiatJ5Sb3KenHx7dqixOWCSfThax5dCvJIxdmJreZi9alVkdKZpeGlysZlQdqKZRHWjdVOFcEV3W3x/lshLWHyCrrRl"
                + "XH6wdkJgqXw6kLSSc6WWapyNhniqxY1fcYe2jWxzi72kP3GjWDhqwW9AxHEowW4lfqO0Vl55irtPZ2aGsnhGhKN2T4GlVV2PTUp8UEx+"
        },
        {
            """{"resize": [31, 29], "crop": [11, 27], "interpolation": "bilinear"}""",
            "VIa4bZ/RjsCrstgbsT9OaFmLbJ6ye62tDkBvbqCbrWmCtnmPi727QXOlmTRmsGwvnaZJdqikWYu7RniqO22fOWudP3GjToCyZ5mbiJiqnaKY"
                + "XI7Ad6nbmcu2teQoRk1cR2iafK6Djb9UIFJ9grQ7a35ieo9so9VjWoy+RE+BkjZLumwxlcdOeavWZ5nLXpDCXI7AZJbIdKbYjsBdsXhGnEBi"
                + "ZJbIgLK4pL1/vps0KU5qRXepjJV9nos/M2WOlsgmYpRldIBvu6VUc6XXN2mbZDVnn0g7tJs0mceciLqRgLKKgLKJibuSmsyktqZIqlw+eDhq"
                + "bZ/Ribt+rqEkyiVAN0h3U4W3nGaNrzJRRniiqtw6d6l6i12F001sjb/xUYO1LlGDZTBZ0kU6uOI0qdsmo9UgpNYgruAqwPI93mhJi0FnQWKU"
                + "dafZk8V8uaUd1hpMRFKEYpTGrGyewDBiWIe0vpBOjZOQcmqcj1FrptiWbJ64O22fR0R2kTtU1JI8y4kvxYMpx4YrwpE3e6VLkl5qb12PWoya"
                + "fa/hnc+FxLAo4iZYUWCScaPVvHyu0kJ0a5XH0jBionOlToCyN2lmv/Ejh7m2V4m7L2GTO0Fz7ypc7B5Q5xlL6x1P1CpcHz9xLV+RVIa4hLaZ"
                + "hbfpptiPqLozbDJkTG6ggLKIjYxxeVOFeajacUR2gohjZJZ2T2R+2H48obZhcqScTH6wQmCSh0p8gT9xfTxug0FzgE+BPGWXVIa4fa+Zg7Vi"
                + "jsDgsNaMk7M+DD5wSXutj8FLapxBMmSQiLrUJliFbJ4xe61JYmSW2SNVt6UgjrZ5aZu+TH6wOGqcLmCSLF6QM2WXQnSmWoy+fK7Omct6eKo8"
                + "lsiIupxNnllJGEp8Voi6nc9ZeqxRRHaAm81gOmyBgbNGksRfXXyuZj1vtFA6qphDhriEapzOV4m7T4GzT4GzV4m7Z5nLgLLko9WQeqxfQXNn"
                + "n9FSw3knqSJUJFaIZJbIrL5oiqBhVYd7ruAbToCGlqlbqb52YpTGJFaIlCJUsXEqo7ZVibu7d6mqcKKicaOje62tjLe+p6rZp8toXI5cLV+C"
                + "p9lazYMxtC1fMWOVcqTWu3B3mmNxZ5mNwPItYpSaq2dwv4KNeqzePW+hQD1vkztGwHw9qNpOl8k9kcM3k8U5ntBEsclXzU5zaWZpQXOFV4mB"
        },
        {
            """{"resize": 20, "crop": [10, 17], "interpolation": "bilinear"}""",
            "txhKJ1mLc6XXqT9xgVyOlVWHvTttYpTGD0Fzo64tjLGFWYuqMWOVSUR20TBixSRWxyZYxy5gP3GijsDsKVuLSXups3ak3F6OhrjlNmiaxyRW"
                + "tpoch7Z2YZPCRHaoMmSWKVuNLF6QLER2V4mzp9lFRXdvaJpHc5ZMZYFwrN5QXY/BNk1/oSxItYQrkcNwd6nbZZfJX5HDZZfJKFqMb5rJwU9C"
                + "YWODhrhShbdbcm2K0GRahLboRXepQEFzkTtGwYRBqNpSmsxElcdAnc9HPW+hh6/h3Cpcfm2fpH9xpYZ7aXutd01pq918bqC8OmyeTUJ0mU5U"
                + "2nk+zm0yzGsw1nQ6U4Wjm8eQlURqfom7gl2Pimpsa52DQGJ+05g3l7l5ZpipPnCiXFKEnz5wlTRmlTRmoUByaZudrd8bLV90c6WjSnyRWIpK"
                + "jsA9WnGjsyxetpEkka54bJ6wUIK0PnCiNmiaOWudRniqfqqzxdgzR3WOkMI2aJpkeZ1rsMxgZJbIIVOFqRxOs4wgmb16gLLEcKK0a52vb6Gz"
                + "frDClJjI3R5KYHeorN5ShriCml2M01WDibvtSHqsGEV3nh5Mx4ousOIaotQMntAJpdcQt+kiqqwy9TBie5DCyF1upYGhXHqsYXRnrd9eb6HT"
                + "PG6gM0V3lj9Z3z5D1DI40jE23DtARE5T"
        },
        {
            """{"resize": [9, 40], "crop": [9, 12], "interpolation": "bilinear"}""",
            "r4ZUkIFuUoOzjYJxsYVMg5aSdISjg059lFNRpGomj5SFd6nET12AYXWDkrSPaX2JVVh7jXVYlIhma5GmU3OcQEp7XoBvep5yY4Kljm2H1UJE"
                + "nXiQaZXATl2NYlpqpYtWm5xoeKKFWYiUQ26Zjb9JhqFeYl2Ml4hytKhsgJ2rYIK0VFaIbUhhkkU+oHNCpJlVn2NhlXlud6icYnGIYVV1oJRo"
                + "q7FygquWX5GgP3CiSliKY0tzQ3WKbYhow70qkKqEZo/BYmGTckxpllBEoXNEo55RjqiFe62ngJ+ab4CTZ0p0lYl0rrd6hKiVYI+fQm2YSlSD"
                + "X0BpkVxcs21PpbM+k65qXI29Z2eQdk5lkFlHmW9CkZFWfZl6Z5mjYYqrW32vfFJtjX9vnc6KcqSiTHqsN1aIPj1nYTFLjk9Bvno+sbJxqNqV"
        },
        {
            """{"resize": [12, 20], "crop": [8, 10], "interpolation": "bicubic"}""",
            "SXOzurxUP3KBjapWYkZxpIV8R5C9I1VnpzdYxb46bK/mdjFnf3y33UF2PYvMgWJCrLhWUo63LVaPlzhwosZnJ2V3irxGfHZ1n8WLRFalmzA2"
                + "sak3ernDVaG03DJgaHidwqhJY2isqXdvdL3FI1WXgiZQ2aA0ypcjclxmd5nSZ0VhbLVob1lvyaM8crCoM3CuckOJajZ8THp9mNo8S3qCxsNa"
                + "SnzKcihVvoAiksieaLSfX6qUgnW00pBXbYXDkGBpldSrLm+wUCZk0HA0znEezWoafKXJS0x3iM1EWFqLzHQtirh5PoO5S06PRDt6Rjx+"
        },
        {
            """{"resize": [31, 29], "crop": [11, 27], "interpolation": "bicubic"}""",
            "UoS1a53jjse2teQBwzVJYk2Oa67Cgr68ADxuaqqrwWCByXSPitLNQXOlpxVnwmoTpL02dbC5WYvCN3exJ2ykJmqiLHCpOn+5YaGhj5+/qauh"
                + "Woy9dabxndTNuvsbM0NZOFuohsKBltdBGU6Air8nX3Rhb49pr/NQWoy+K0eDnRxE1GYck+I9eavoY5jfWI7QWI3QX5XZb6Xvi9xMx3gtqyVb"
                + "YpTMfrXGqsaGxKYuC0ZoM3W7mqJ1qJIiL2OSot0HSpVlZXlq1bI3c6XiGWuhXBpmsjMqwakbmdOmh8adfruQf7uRicWbpNiyxrcyv04bdxpi"
                + "a53fiMh6tKgM0RU+KkN2R5XIqGWPuhlDQniltfMrbbaAiEqH6zpfjb/7Toe7FU2BXB5W6TQ2ufAsqOocod0Vot8Wrewgyv81+VlDiitiLGKZ"
                + "c6XqkdRxw6sA6wFMOU2DVafiwGWo2BBUVIi31pVAkp2gZ1qulDdhpuaZbqXNI2ypMDR0mSRR5Jcr2o4b0oUW2ogZ1JUke6w5m0hiZEmeSZSr"
                + "e63xm9yEyroU6R5YRV2RZbTmyX2v3TRmZ5jK3SNVrHiqP4TDKlxhv/EjirzBVYfGIl+RLkBy8ypc8BxO5hhK9BxO3ylbFz9xJF2PU4XHh7mg"
                + "g7T/re+YsNQeZypkRGumhMOIko1jdEaFearvbCl0iYhXWaN5OFuC6nsuqM1WcbGvQHvFLV2Qhjx8fy9veSxsgzFygD+AKVaXPoDQiMKmlsdV"
                + "i7/0vueOm8MrADdwRXi6odI5Zp4nHFeYi73hD0qLbaQVgb87V16n4hlVvbQGjsV9Z5vUSn2xLmqdI1+SIFyPJ2OWN3OmWIy+fK7lrd91gbMn"
                + "lNKCyJs7pkhCBkh9UobHsO9HdrlALmeHn9FVI16JgsYyn+JRU3e/XTJvzD4quagsg9GFaJrsTYnOQ4DFQn/ESobMXJrefsP4v/SMg7RGL2Fh"
                + "m+E/03ALtgBUHFeJYZfXvdNgjKZcSH6DsucGQXaPnrJTvNJxWpbZFFaIogVUxHEOp85GiMDUd622b6Stb6WuerC3j73Mq7Tnv+VTU4dJFEeN"
                + "oulT5H8ZzRRdKWOWbq3zzGRznE1rWp2WxP8jVJWkvlBn3HmOdrj+N2+hKDNvoCE82ngxpvhEltswkNQqkdYsouk2xN9K5T5nX1hbKGaUUYmS"
        },
        {
            """{"resize": 20, "crop": [10, 17], "interpolation": "bicubic"}""",
            "xQA7I1mLc7HlvyRjfVuUlFCL0SNiXJ/WAEFzr8ASlL6OWY69HmKYM0B15h9h0RVW0hVX1B5fO3Gjl8r4GU5/On+vwHio7lKDg8X0Nmia0xNV"
                + "vaQFhsR4YJLTQnSnLWOVJluNKF2PFTJ5Vom2svAyNm10aZ06cZhCVHd0tvU9XY/BIUqBsRFDxooRjtpqdKb2Y5fWXZHPYpbUEFeOb5zNzT8x"
                + "VFaMi9JHgs9RZF2R71RJhLb7OnisKDVxmyI92oQ1pvpKmd44ldo0m+A7K3OniLP3+BNTc22ptH9ou4d/W3fJcjZgq+94b6PTJmumODFyoT9N"
                + "9Hsv32ck3mYj8G8rSoiqnMuVmzpje5XUhEmUlVljZKuMJFp/4Jwlm8x6ZZ2+Jm6sTUmBrCpvmSFlmiJmri1xbZ6lsOoDEFRze7C2NnOgSIk2"
                + "mtgiUmyxvxlewp0HlL99a6LER4C+Km+oI2ihJmukMnewgbDAyeUuPGyXms4fYJVidZtuxOJVX5bWFVOFuANOv5cEms97frPebqK9ap24b6O9"
                + "f7PMlqLW4RdGVnSxtvJFf8SGlkyO50h4iMj9SHqsCER2qQhK1IwrrfUVodYIndMFpNkMufser7cc/ylicJjM4EtgtIGvR3jEUWpZuftMb6Hi"
                + "N22jGD92nTZV/jI+4iUz4iUz7y48MUNP"
        },
        {
            """{"resize": [9, 40], "crop": [9, 12], "interpolation": "bicubic"}""",
            "xYhCmH9lSn26k35rxYc8gKOgZ4u5gkJ6nUM7r2sdmp6JebPZPEl8U22Ak8OQXX+PQ0Z6nXBAqpFXY5+4PnG0Mz+DVHxifqRiVoi7kWuO5DY3"
                + "q36VYabYNVCSVkVduI1HtKxdfrCHUJChNGmlnNM7kK5ZW1iXnoFux69ggK25U4rLSUuOZjVbkz80rW8wsZ9MplpSm3tgcbCfUmmKW0FssZRd"
                + "wL9thLmZVJqtNHCtO0qQXj5xLmSWZHtkzsUflrqIV5LWV1SZcDtfnko1sHMzraRQkLeNdLezf6moZXyiZz1zoYdswMl4hbufUpiwMGimOEOI"
                + "XTJjnFZOw3BAuMQkocNgUo7IWVmbdztZnU4zq3IwnqBTf6yBXqOwU4m7TXO5eDttk3RmpNWHdbasQn24JFGRLTFpYCRHlj8xxnkzvr5uruOX"
        },
        {
            """{"resize": [12, 20], "crop": [8, 10], "interpolation": "lanczos"}""",
            "Rmq6wcBXPnZ2g7RbVTtqsoxvOp7SG0pbqjdT08I5Y7vweDJshWyw70F0KZLgg1I0wcRRRJHGJ0yPmi1to81nI25yfr1Kgndtr9CPOkmynicl"
                + "v64zd8fIRqu57C9gdHGOw7NOV1iysXheb9LTFkefgSBF5qAt1pgddWJlc4jYcEVgYMJrZk5t36ctbb6vKG27cTWPaiiDR3puiN5HS39y2chW"
                + "P3bfbhxJzX8ZldagW8KkUraTiWq40pxcb3bHlFtmm+ewH2u9Shpg2W8t13QY3GcTdZzVU0p1fNhETVWL23IcjcZ7M4XHSEOORDB4SC9/"
        },
        {
            """{"resize": [31, 29], "crop": [11, 27], "interpolation": "lanczos"}""",
            "UIOra5b6jdO4tuwAxkFAVzqRccTIgMO1AEJtX6mpyWB/y3iKgOXQSHKinwV00V0Hpssqc7W+YInMMHi6G3KrHW6pIHOyL4PDXbKbn6TFs6aY"
                + "WYyzcZ//peHNuf8POkpNKEW3mNp/kdpBEU+AiLopZHBja5FrsP9PXI24JEKMpg5C4XENiO1Ge6jvXpDvUIrTUonUV4/mYp75e+tS2n8lriJi"
                + "YZHJebfNs8qFvKE0A0VfG23JrK5loYgYN2SRo+oAO55gXG1i7bcrc6HtCHilTQ5qwyMkyLEQld+jhtOig8OKgMSLjtGetOGx08Itzz8AaAtn"
                + "apXmhNZ6vKcOyhVCKDtzNaLTumeCsQ8/Qnuls/knZcV9gjqD+UBajbv/To2/B017YxFW8Tkzt/Muovcgn9wXnt8Zq/Uky/84/2BDjxpUJWaZ"
                + "c5zyiuJk0J4A9gBPRkF/QLz42lmv3ABVVIqy3pZCpamqX0fDmC9coPKZfKnbGG2sHi9voRhY8ZUf65QN14EK7IQN3ZgXeqwsnz9aUzG0QKW4"
                + "eqT5l+uD07cK5xtaSVONU8Tz3Hep1zNlZ5jK1yJUvnqkLYTULllTv/EjkcO+V4LRFmCKMUFz8ipc+RxO2RhK/xxO3ClbGT9xG16IVIDXiryb"
                + "fqj/tP+js90TZitoQGGnhcyQmIVUcUyQeqr7ah58l3lJR62FMFZ/9nsirNtKb7fAO3TPImOEhjB6hCBuciBriiZxfzJ9IUSUHnXclNS6pc9H"
                + "grfzzvSKlr0gADR2OW3As+Y3XJoUGVWljL7eDE2Ua6IDhdM4VU6z3xVZxqwAitN2aZfgTXywKm2hHWGUHV+TImaaNHapW5TAf63uv+5rd6oi"
                + "i9SF1aAxmEJBAEiARn/IxP84aLw0JGKPn8pXGl6Pc8skq/tCS2vFXydz2DQiwLgcet2TbY37QoXbNnzPOnzPPIDVSpjud9D/0f+ZlcInJVZf"
                + "kelF5mkAuwBZH1qLV5blytxhiJphTICBsO8ARHeMoKhW1Nl0SpTmDFyGmABf1GYBpttAhcPZe7OzdKuocqqrgbmwncHNsK7kyOFIRXs/DUGh"
                + "mOxX+nMA0gBjJmmZZbP/1mtzkz1rWauXvf8YU6CewkNj83uSbLj/LnKaIS5vrRI154Qsmf9KkeY0jNwsidovn/041eZQ8UJraVZGFFuaUoOd"
        },
        {
            """{"resize": 20, "crop": [10, 17], "interpolation": "lanczos"}""",
            "yQA0J1yObLbxyBlnc1mck0+S5hhjTqHjAEdysLkFnsmFXJDMFGeaLkN35Rdl0A5bxw5b0BVkO3Wkl9H8Hkt7JoCvzXin9E5+ec36N2iazwtb"
                + "x58AgdF1YIzfRHWhLGSWJFyOJ16QEyiFWo61ufs0L2x2Zpo7dZRDUXd2uP8+XpC9HEeHtglD0JEEhOdwdpr/XpTWWY3VXpLSAWCVc53Ey0Yl"
                + "UUiNi+JBdd9IXU+I/1pAha//MoCtHTJwqhM15o8vmf9SluQ6keQ3leU8I4Kvi7H//wdZcWSkt4Vk046GUmvedy1bpfx5eaThHm2pJidurzZP"
                + "/YAg6GYY6WcX/W0gSpKsnsWTnT5deZvifj6gokpTVLKXHFp57JsYnNlwa53PGm6xQkt5rBtzlRZnmBZoriJ0fKudrvIABFRreq25MHWrO40h"
                + "oe0YU1+5vA9lzpMAks9xbaTUSXzFHnWvGmyqHG+sJXq3jLTAx+IzQGmZm9QYYZhfdZJx1upVU5ThD1eEsQBWzI4Al9x1fbPndKezbaK1c6e6"
                + "iLnDo5/T3hZGVW2xt/hDfdOGkDmN9Et0g83/R3qrAkd1qAJJ4Ywqpf8XoM8JnNQGpNoOtP8fuKsd/yJkcJfM305byIewNnDZVmNHuf9UcZvp"
                + "NG2kEDlxpTNT/zo34Cct7ics9zE1NUlM"
        },
        {
            """{"resize": [9, 40], "crop": [9, 12], "interpolation": "lanczos"}""",
            "y4s/l3tlSXvCkXduy4s4hbCbWo7IfD+CozIksmsXpKeEfrvhPD96Tmh9kciQWYKYQjV0n2A3tKFYYa66KmzILjaLU3Nag6FfS4rBkmqP6TQs"
                + "uomMUrHlI06eXDBLv4Q/y71Zg7qHSJepJWOooNo4mbReWlOioHBx0bheh8G6QY3dQUSZZCFQlTwpum8jvKdQpllPoIBTaLaeQGeQYDVfuIdV"
                + "0M9tjMeYR6S6KXC4LTyWYTNvJmChYWpd2MQZos+GRJPnSU2pdStNn0QqvncmuahQlMaTb8G4hLOlVXquZjZxrnphzdR6js6hQZ28JGe0LDKN"
                + "XihdpFFCyHM3vb4brdVfSpDPR1GpfDVIo0ootncrqaRTf7mGVay1SYfHSmjAcTV2nm9aqtaHece0NnrAIUuaKSVmXyNCnzolzHoyxsNvrueX"
        },
        {
            """{"resize": [12, 20], "crop": [8, 10], "interpolation": "nearest"}""",
            "WYu9ve8hL2GTr+ETPW+hg7XnO22fATNl1Qc5t+kbeKrc3xFDVIa41wk7aJrMtOYYb6HTOGqcD0Fz9CZYtugaI1WHntACJ1mLvvAiFkh61wk7"
                + "ptgKg7XnbqDS1Qc5RXepw/UnT4Gz6RtNR3mrCz1v3Q9Bve8hq90PE0V3ibvtDT9xn9EDP3GjqdsNc6XXS32vMWOVJVeJMmSWq90PMmSWx/kr"
                + "apzO2gw+p9kLgrTma53PYpTGcKLU7yFTfK7gF0l7wPIkPG6gD0Fz8CJU3xFD3A5Aj8HzEUN1odMFP3Gj6x1PbZ/RQ3WnJ1mLGUt9GUt9"
        },
        {
            """{"resize": [31, 29], "crop": [11, 27], "interpolation": "nearest"}""",
            "V4m7V4m7e63frd8R7R9RO22fO22fl8n7ATNleavd/zFj/zFjk8X3NWeZ5RdJo9UHo9UHb6HTSXutMWOVJ1mLJ1mLK12PPW+hXY/Bi73vi73v"
                + "Z5nLZ5nLjsDyw/UnBjhqV4m7V4m7tugaI1WHntACJ1mLJ1mLvvAiY5XHFkh61wk71wk7ptgKg7XnbqDSZ5nLZ5nLbqDSg7XnptgK1wk71wk7"
                + "Z5nLZ5nLjsDyw/UnBjhqV4m7V4m7tugaI1WHntACJ1mLJ1mLvvAiY5XHFkh61wk71wk7ptgKg7XnbqDSZ5nLZ5nLbqDSg7XnptgK1wk71wk7"
                + "d6nbd6nbodMF2Qs9H1GDc6XXc6XX1Qc5RXepw/UnT4GzT4Gz6RtNkcP1R3mrCz1vCz1v3Q9Bve8hq90Pp9kLp9kLseMVyfst7yFTI1WHI1WH"
                + "d6nbd6nbodMF2Qs9H1GDc6XXc6XX1Qc5RXepw/UnT4GzT4Gz6RtNkcP1R3mrCz1vCz1v3Q9Bve8hq90Pp9kLp9kLseMVyfst7yFTI1WHI1WH"
                + "h7nrh7nrtOYY7yFTOGqcj8Hzj8Hz9CZYZ5nL6BpMd6nbd6nbFEZ4v/EjeKrcP3GjP3GjFEZ49ylb6BpM5xlL5xlL9CZYD0FzOGqcb6HTb6HT"
                + "l8n7l8n7x/krBTdpUYO1q90Pq90PE0V3ibvtDT9xn9EDn9EDP3Gj7R9RqdsNc6XXc6XXS32vMWOVJVeJJ1mLJ1mLN2mbVYe5gbPlu+0fu+0f"
                + "l8n7l8n7x/krBTdpUYO1q90Pq90PE0V3ibvtDT9xn9EDn9EDP3Gj7R9RqdsNc6XXc6XXS32vMWOVJVeJJ1mLJ1mLN2mbVYe5gbPlu+0fu+0f"
                + "p9kLp9kL2gw+G01/apzOx/krx/krMmSWq90PMmSWx/krx/krapzOG01/2gw+p9kLp9kLgrTma53PYpTGZ5nLZ5nLeqzem83/yvwuBzlrBzlr"
                + "p9kLp9kL2gw+G01/apzOx/krx/krMmSWq90PMmSWx/krx/krapzOG01/2gw+p9kLp9kLgrTma53PYpTGZ5nLZ5nLeqzem83/yvwuBzlrBzlr"
                + "t+kbt+kb7R9RMWOVg7Xn4xVH4xVHUYO1zf8xV4m77yFT7yFTlcf5SXutCz1v2w0/2w0/uesdpdcJn9EDp9kLp9kLve8h4RNFE0V3U4W3U4W3"
        },
        {
            """{"resize": 20, "crop": [10, 17], "interpolation": "nearest"}""",
            "1AY4H1GDeKrc3xFDVIa4VIa41wk7aJrMBzlrtOYYb6HTOGqcOGqcD0Fz9CZY5xlL6BpM7R9RO22fl8n7ATNleavdeavd/zFjk8X3NWeZ5RdJ"
                + "o9UHb6HTb6HTSXutMWOVJ1mLK12PBjhqV4m7tugaI1WHntACntACJ1mLvvAiY5XHFkh61wk7ptgKptgKg7XnbqDSZ5nLbqDSH1GDc6XX1Qc5"
                + "RXepw/Unw/UnT4Gz6RtNkcP1R3mrCz1v3Q9B3Q9Bve8hq90Pp9kLseMVOGqcj8Hz9CZYZ5nL6BpM6BpMd6nbFEZ4v/EjeKrcP3GjFEZ4FEZ4"
                + "9ylb6BpM5xlL9CZYOGqcj8Hz9CZYZ5nL6BpM6BpMd6nbFEZ4v/EjeKrcP3GjFEZ4FEZ49ylb6BpM5xlL9CZYUYO1q90PE0V3ibvtDT9xDT9x"
                + "n9EDP3Gj7R9RqdsNc6XXS32vS32vMWOVJVeJJ1mLN2mbapzOx/krMmSWq90PMmSWMmSWx/krapzOG01/2gw+p9kLgrTmgrTma53PYpTGZ5nL"
                + "eqzeg7Xn4xVHUYO1zf8xV4m7V4m77yFTlcf5SXutCz1v2w0/uesduesdpdcJn9EDp9kLve8hnM4A/zFjcKLU7yFTfK7gfK7gF0l7wPIkd6nb"
                + "PG6gD0Fz8CJU8CJU3xFD3A5A5xlLADJk"
        },
        {
            """{"resize": [9, 40], "crop": [9, 12], "interpolation": "nearest"}""",
            "wPIkwPIkN2mbvO4gvO4gT4GzT4Gz8CJU8CJUn9EDXI7AXI7ACjxuCjxuh7nrEkR2EkR2q90Pq90PUoS2UoS2BzlryvwuyvwuVIa4VIa41wk7"
                + "aJrMaJrMBzlrBzlrtOYYtOYYb6HTOGqcOGqcntACntACJ1mLvvAivvAiY5XHY5XHFkh6Fkh61wk7ptgKptgK6BpM6BpMd6nbFEZ4FEZ4v/Ej"
                + "v/EjeKrceKrcP3GjFEZ4FEZ4MmSWMmSWx/krapzOapzOG01/G01/2gw+2gw+p9kLgrTmgrTmfK7gfK7gF0l7wPIkwPIkd6nbd6nbPG6gPG6g"
                + "D0Fz8CJU8CJUxvgqxvgqZ5nLFkh6Fkh60wU30wU3ntACntACd6nbXpDCXpDCEEJ0EEJ0t+kbbJ7QbJ7QL2GTL2GTADJkADJk3xFDzP4wzP4w"
        },
    };
}
