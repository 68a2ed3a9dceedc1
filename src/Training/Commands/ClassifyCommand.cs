using System.CommandLine;
using System.Text;
using Fovea.Models.Files;
using Fovea.Models.Runtime;
using Fovea.Training.Predictions;
using Fovea.Training.Progress;

namespace Fovea.Training.Commands;

/// <summary>The <c>classify</c> command: prints the likeliest classes of images, or writes them to a file.</summary>
internal static class ClassifyCommand
{
    private const int MostClasses = 100_000;

    public static Command Create()
    {
        var file = new Argument<string>("FILE.onnx|NAME")
        {
            Description = "An .onnx file, or the name of a model in onnx/ or of weights in data/weights/.",
        };
        var preprocessing = Arguments.Preprocessing();
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Image files (JPEG, PNG, WebP, BMP or GIF), and folders of them.",
            Arity = ArgumentArity.OneOrMore,
        };
        var top = new Option<int>("--top")
        {
            Description = "The number of classes for each image, 1 to 100000. A model of independent labels gives "
                + "every label of at least 50 % instead.",
            DefaultValueFactory = _ => 3,
            HelpName = "number",
        };
        var recursive = new Option<bool>("--recursive") { Description = "Look into the sub-folders of folders." };
        var (format, output) = (Format(), Output());
        var command = new Command(
            "classify",
            "Classifies images, in batches on all cores. An image that cannot be read is named on standard error, and the exit code "
            + "is 1 then.")
        {
            file, paths, preprocessing, top, recursive, format, output,
        };
        ParseErrors.RefuseOptions(paths, command);
        command.SetAction((parsed, stop) => Task.Run(() =>
        {
            int most = Arguments.InRange("--top", parsed.GetValue(top), MostClasses);
            var chosen = AnswerFormat.All.First(f => f.Name == parsed.GetValue(format));
            using var model = Arguments.Load(NamedModel.Find(parsed.GetRequiredValue(file)), parsed.GetValue(preprocessing));
            var images = ImagePaths.Of(parsed.GetRequiredValue(paths), parsed.GetValue(recursive));
            if (parsed.GetValue(output) is not { } target)
            {
                return Classify(model, images, chosen, most, Console.Out, stop);
            }

            int exitCode = 0;
            AtomicFile.EnsureWritable(target);
            AtomicFile.Write(target, stream =>
            {
                using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
                exitCode = Classify(model, images, chosen, most, writer, stop);
            });
            return exitCode;
        }));
        return command;
    }

    private static Option<string> Format()
    {
        var format = new Option<string>("--format")
        {
            Description = "text (a line for each image), csv (columns file, label, probability ... and error) or jsonl (a JSON object "
                + "a line).",
            DefaultValueFactory = _ => AnswerFormat.All[0].Name,
        };
        format.AcceptOnlyFromAmong([.. AnswerFormat.All.Select(f => f.Name)]);
        return format;
    }

    private static Option<string?> Output() => new("--output", "-o")
    {
        Description = "The file for the answers. It appears when all answers are written. Default: standard output.",
        HelpName = "file",
    };

    private static int Classify(
        Classifier model, IReadOnlyList<string> images, AnswerFormat format, int top, TextWriter output, CancellationToken stop)
    {
        // Answers that go to the terminal show the progress themselves, so they need no progress line.
        bool isShown = output == Console.Out && !Console.IsOutputRedirected;
        var progress = isShown
            ? null
            : new CountProgress(
                Console.Error, Console.IsErrorRedirected ? null : () => Console.WindowWidth, TimeProvider.System, images.Count);
        int done = 0, failed = 0;
        Write(output, format.Header(model, top));
        try
        {
            new BulkClassifier(model, top).Run(images, Answer, stop);
        }
        finally
        {
            progress?.Clear();
        }

        return failed == 0 ? 0 : 1;

        void Answer(ClassifiedImage image)
        {
            if (image.Error is { } error)
            {
                failed++;
                progress?.Clear();
                Console.Error.WriteLine($"{image.File}: {error}");
            }

            Write(output, format.Line(model, top, image));
            progress?.Show(++done);
        }
    }

    private static void Write(TextWriter output, string? line)
    {
        if (line is not null)
        {
            output.Write(line);
            output.Write('\n');
        }
    }
}
