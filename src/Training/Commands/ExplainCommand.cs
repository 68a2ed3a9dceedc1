using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.Runtime;
using Fovea.Training.Evaluations;
using Fovea.Training.Predictions;
using Fovea.Training.Progress;
using Spectre.Console;

namespace Fovea.Training.Commands;

/// <summary>The <c>explain</c> command: draws heat maps of the places of images that speak for a class, or judges such heat maps.</summary>
internal static class ExplainCommand
{
    private const int MostImages = 1_000_000;

    public static Command Create()
    {
        var file = new Argument<string>("FILE.onnx|NAME")
        {
            Description = "An .onnx file, or the name of a model in onnx/ or of weights in data/weights/.",
        };
        var paths = new Argument<string[]>("IMAGE")
        {
            Description = "Image files (JPEG, PNG, WebP, BMP or GIF), and folders of them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var (target, method, layer, output) = (Target(), Method(), Layer(), Output());
        var (json, judged, most, seed) = (Arguments.Json(), Judged(), Images(), Arguments.Seed());
        var preprocessing = Arguments.Preprocessing();
        var command = new Command(
            "explain",
            "Shows which places of an image speak for a class: writes each image with a heat map over it, or its numbers. An image that "
            + "cannot be read is named on standard error, and the exit code is 1 then.")
        {
            file, paths, target, method, layer, output, json, judged, most, seed, preprocessing,
        };
        ParseErrors.RefuseOptions(paths, command);
        command.SetAction((parsed, stop) => Task.Run(() =>
        {
            int count = Arguments.InRange("--images", parsed.GetValue(most), MostImages);
            var images = parsed.GetValue(paths) ?? [];
            bool isJson = parsed.GetValue(json);
            Require(images, parsed.GetValue(judged));
            if (parsed.GetValue(judged) is null)
            {
                UnusedOptions.Refuse(parsed, "--judge is not given", "with --judge", most);
            }
            else
            {
                UnusedOptions.Refuse(parsed, "--judge writes no pictures", "without --judge", output);
            }

            using var model = Arguments.Load(NamedModel.Find(parsed.GetRequiredValue(file)), parsed.GetValue(preprocessing));
            using var explainer = new Explainer(model);
            var options = new ExplanationOptions
            {
                Class = parsed.GetValue(target) is { } name ? explainer.ClassOf(name) : null,
                Method = ExplanationMethods.Parse(parsed.GetValue(method)),
                Layer = parsed.GetValue(layer),
                Seed = parsed.GetValue(seed),
            };
            if (parsed.GetValue(judged) is { } folder)
            {
                Judge(model, explainer, JudgedImages.Open(folder, model.Preprocessing, count, options.Seed), options, isJson, stop);
                return 0;
            }

            var pictures = parsed.GetValue(output) ?? (isJson ? null : ".");
            return Explain(new(model, explainer, options, pictures), ImagePaths.Of(images, recursive: false), isJson, stop);
        }));
        return command;
    }

    private static Option<string?> Target() => new("--class")
    {
        Description = "The class to explain: its label or its index. Default: the likeliest class of each image.",
    };

    private static Option<string> Method()
    {
        var method = new Option<string>("--method")
        {
            Description = "grad-cam costs little more than classifying; integrated-gradients looks at each pixel; rise needs no gradients "
                + "and takes longest.",
            DefaultValueFactory = _ => ExplanationMethods.Names[0],
        };
        method.AcceptOnlyFromAmong([.. ExplanationMethods.Names]);
        return method;
    }

    private static Option<string?> Layer() => new("--layer")
    {
        Description = "The layer or node whose feature map grad-cam takes. Default: the last one with height and width before the "
            + "classifier.",
        HelpName = "name",
    };

    private static Option<string?> Output() => new("--output", "-o")
    {
        Description = "The folder for the pictures, IMAGE.METHOD.png. Default: the working folder; none with --json.",
        HelpName = "folder",
    };

    private static Option<string?> Judged() => new("--judge")
    {
        Description = "Judges the heat maps of a data set, or of a folder of images, by insertion, deletion and average drop, beside "
            + "random maps and a blob in the middle.",
        HelpName = "folder",
    };

    private static Option<int> Images() => new("--images")
    {
        Description = "The largest number of images that --judge takes, chosen at random by the seed; 1 to 1000000.",
        DefaultValueFactory = _ => 100,
        HelpName = "number",
    };

    private static void Require(string[] images, string? judged)
    {
        if ((images.Length == 0) == (judged is null))
        {
            throw new FoveaException(
                ErrorCode.BadArgument, images.Length == 0
                    ? "There is nothing to explain; expected images, or --judge with a data set."
                    : "Both images and --judge are given; expected one of them.");
        }
    }

    private static int Explain(ImageExplanations explanations, IReadOnlyList<string> files, bool isJson, CancellationToken stop)
    {
        int failed = 0;
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                var found = explanations.Explain(file, stop);
                Console.WriteLine(isJson ? found.ToJson() : Text(found));
            }
            catch (FoveaException e) when (e.Code is not (ErrorCode.BadModelFile or ErrorCode.BadArgument or ErrorCode.CannotWrite))
            {
                failed++;
                Console.Error.WriteLine($"{file}: {e.Message}");
            }
        }

        return failed == 0 ? 0 : 1;
    }

    private static string Text(ExplainedImage found)
    {
        var layer = found.Layer is null ? "" : $" at {found.Layer}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{found.File}: {found.Class} {found.Probability * 100:F1} %, {found.Method}{layer}: {found.Picture}");
    }

    private static void Judge(
        Classifier model, Explainer explainer, JudgedImages images, ExplanationOptions options, bool isJson, CancellationToken stop)
    {
        var progress = new CountProgress(
            Console.Error, Console.IsErrorRedirected ? null : () => Console.WindowWidth, TimeProvider.System, images.Count);
        var judged = ExplanationJudge.Of(explainer, images.Inputs(), options, progress.Show, stop);
        progress.Clear();
        if (isJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(judged, ExplanationJudgeJson.Default.ExplanationJudge));
            return;
        }

        AnsiConsole.WriteLine(
            $"{Path.GetFileName(model.File)}: {judged.Images} images, {judged.Steps} steps. Insertion starts from the blurred image; "
            + "deletion and drop end at the image's mean colour.");
        var table = new Table().RoundedBorder().AddColumns("Map", "Insertion (high is good)", "Deletion (low)", "Average drop (low)");
        foreach (var map in judged.Maps)
        {
            table.AddRow(map.Map, Share(map.Insertion), Share(map.Deletion), Share(map.AverageDrop));
        }

        AnsiConsole.Write(table);
    }

    private static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}
