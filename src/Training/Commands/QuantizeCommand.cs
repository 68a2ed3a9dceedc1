using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Training.Precision;
using Spectre.Console;

namespace Fovea.Training.Commands;

/// <summary>The <c>quantize</c> command: writes a classifier whose layers compute with 8-bit integers or 16-bit floats.</summary>
internal static class QuantizeCommand
{
    private const int MostImages = 100_000;

    public static Command Create()
    {
        var (file, preprocessing, seed, json, output) =
            (Arguments.ModelFile(), Arguments.Preprocessing(), Arguments.Seed(), Arguments.Json(), Arguments.Output());
        var data = new Option<string>("--data")
        {
            Description = "A data set as for evaluate: its training images are used to calibrate, its test or validation images to "
                + "judge the result. Or a folder of images without classes.",
            Required = true,
            HelpName = "folder",
        };
        var images = new Option<int>("--images")
        {
            Description = "The largest number of images for calibration, and of further images for choosing the best method, 1 to "
                + $"{MostImages}.",
            DefaultValueFactory = _ => new QuantizationOptions().Images,
            HelpName = "number",
        };
        var (maxDrop, minutes, weightBits, numbers) = (MaxDrop(), Minutes(), WeightBits(), Numbers());
        var command = new Command(
            "quantize",
            "Writes a classifier that computes with 8-bit integers (QDQ) or 16-bit floats, and compares its accuracy and speed with the "
                + "float network's.")
        {
            file, data, numbers, images, maxDrop, minutes, weightBits, preprocessing, seed, json, output,
        };
        command.SetWork((parsed, stop) =>
        {
            var target = parsed.GetRequiredValue(output);
            if (parsed.GetValue(numbers) == "fp16")
            {
                UnusedOptions.Refuse(parsed, "--type is fp16", "with --type int8", weightBits, minutes);
            }

            var options = new QuantizationOptions
            {
                Images = Arguments.InRange("--images", parsed.GetValue(images), MostImages),
                MaxDrop = AtLeastZero("--max-drop", parsed.GetValue(maxDrop)),
                SearchTime = TimeSpan.FromMinutes(Math.Min(AtLeastZero("--minutes", parsed.GetValue(minutes))!.Value, MostImages)),
                Seed = parsed.GetValue(seed),
                Numbers = parsed.GetValue(numbers) == "fp16" ? QuantizedNumbers.Fp16 : QuantizedNumbers.Int8,
            };
            options = parsed.GetRequiredValue(weightBits) is "auto" ? options
                : options with { WeightBits = int.Parse(parsed.GetRequiredValue(weightBits), CultureInfo.InvariantCulture) };
            AtomicFile.EnsureWritable(target);
            using var model = Arguments.Load(parsed.GetRequiredValue(file), parsed.GetValue(preprocessing));
            var held = HeldImages.Open(
                parsed.GetRequiredValue(data), model, options.Images, options.Seed,
                refused => Console.Error.WriteLine($"left out: {refused.File}: {refused.Reason}"));
            var (network, report) = options.Numbers == QuantizedNumbers.Fp16
                ? new HalfPrecisionQuantizer(model, held, Console.Error.WriteLine).Run(stop)
                : new Quantizer(model, held, options, Console.Error.WriteLine).Run(stop);
            Show(report, parsed.GetValue(json));
            Refuse(report, options);
            OnnxFile.Write(network, target);
        });
        return command;
    }

    private static Option<double?> MaxDrop() => new("--max-drop")
    {
        Description = "The largest drop in accuracy, in percentage points; a network that drops more is not written. Default: 0.5. For "
            + "images without classes, the drop in agreement with the float network counts; default 5.",
        HelpName = "points",
    };

    private static Option<double> Minutes() => new("--minutes")
    {
        Description = "The longest time of the search for layers that must stay floats to keep the accuracy; 0 for no search.",
        DefaultValueFactory = _ => new QuantizationOptions().SearchTime.TotalMinutes,
        HelpName = "number",
    };

    private static Option<string> WeightBits()
    {
        var option = new Option<string>("--weight-bits")
        {
            Description = "The bits of a weight: 8; 7, which gives correct results on every processor; or auto, which is 7 if this "
                + "processor lacks the instructions VNNI, and otherwise 8.",
            DefaultValueFactory = _ => "auto",
        };
        option.AcceptOnlyFromAmong("auto", "7", "8");
        return option;
    }

    private static Option<string> Numbers()
    {
        var option = new Option<string>("--type")
        {
            Description = "The numbers: int8, 8-bit integers, for processors; or fp16, 16-bit floats, for GPUs.",
            DefaultValueFactory = _ => "int8",
        };
        option.AcceptOnlyFromAmong("int8", "fp16");
        return option;
    }

    private static double? AtLeastZero(string option, double? value) => value is not (< 0 or double.NaN)
        ? value
        : throw new FoveaException(ErrorCode.BadArgument, Text($"{option} is {value}; expected 0 or more."));

    private static void Show(QuantizationReport report, bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, QuantizationJson.Default.QuantizationReport));
            return;
        }

        AnsiConsole.WriteLine(Text(
            $"{report.Layers - report.FloatLayers.Length} of {report.Layers} layers compute with ")
            + (report.HalfPrecision is null ? "integers, " : "16-bit floats, ")
            + Text($"weights of {report.WeightBits} bits; {report.Calibration} on {report.CalibrationImages} images."));
        if (report.HalfPrecision is { } half)
        {
            AnsiConsole.WriteLine(Text(
                $"Of {half.Weights} weights, {half.SubnormalWeights} are subnormal in 16 bits and {half.ZeroedWeights} became 0."));
            foreach (var reason in half.FloatOperators.GroupBy(kept => kept.Reason))
            {
                AnsiConsole.WriteLine($"32-bit floats stay in ({reason.Key}): {string.Join(", ", reason.Select(kept => kept.Name))}");
            }
        }

        AnsiConsole.WriteLine(Text($"{report.Images} images: the same answer for {report.Agreement * 100:F2} %."));
        var table = new Table().RoundedBorder().AddColumns("", "Accuracy", "One image", "Images/s, batches of 8");
        foreach (var (name, figures) in new[] { ("float", report.Float), (report.Int8 is null ? "FP16" : "INT8", report.Quantized) })
        {
            table.AddRow(
                name,
                figures.Accuracy is { } share ? Text($"{share * 100:F2} %") : "-",
                Text($"{figures.MillisecondsAlone:F2} ms"),
                Text($"{figures.ImagesPerSecond:F1}"));
        }

        AnsiConsole.Write(table);
        if (report.Quantized.ImagesPerSecond < report.Float.ImagesPerSecond)
        {
            AnsiConsole.WriteLine(report.Int8 is not null ? "INT8 is slower than the floats on this machine."
                : "FP16 is slower than the floats on this machine's CPU, as on most CPUs. The service measures it on its own device.");
        }
    }

    private static void Refuse(QuantizationReport report, QuantizationOptions options)
    {
        bool hasClasses = report.Float.Accuracy is not null;
        double largest = options.LargestDrop(hasClasses) * 100;
        double drop = (hasClasses ? report.Float.Accuracy!.Value - report.Quantized.Accuracy!.Value : 1 - report.Agreement) * 100;
        if (drop > largest)
        {
            throw new FoveaException(ErrorCode.BadArgument, hasClasses
                ? Text($"The accuracy on {report.Images} images drops by {drop:F2} points with ")
                    + (report.Int8 is null ? "16-bit floats" : "integers") + Text($"; expected at most {largest:0.##}, ")
                    + "so no file was written. More --images may help, or a larger --max-drop allows it."
                : Text($"The top class differs for {drop:F2} % of {report.Images} images; expected at most {largest:0.##} %, ")
                    + "so no file was written. More --images may help, or a larger --max-drop allows it.");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
