using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;
using Fovea.Training.TransferLearning;

namespace Fovea.Training.Commands;

/// <summary>Arguments and options that several commands share, and methods that turn their values into objects.</summary>
internal static class Arguments
{
    private static string Networks => string.Join(", ", Catalog.Architectures.Select(a => a.Name));

    /// <summary>A network of the catalog.</summary>
    public static Argument<string> Name() => new("NAME") { Description = $"A network of the catalog: {Networks}." };

    /// <summary>A model file.</summary>
    public static Argument<string> ModelFile() => new("FILE") { Description = "An .onnx file that contains its labels and preprocessing." };

    /// <summary>A network of the catalog or a model file.</summary>
    public static Argument<string> NameOrFile() => new("NAME|FILE.onnx") { Description = "A network of the catalog, or an .onnx file." };

    /// <summary>The model file to write.</summary>
    public static Option<string> Output() =>
        new("--output", "-o") { Description = "The .onnx file to write.", Required = true, HelpName = "file" };

    /// <summary>Describes the contents of a data set's folder, for the help of an option.</summary>
    public const string DatasetFolder =
        "The data set's folder. It holds class sub-folders of images, or the four IDX files of MNIST (plain or .gz). "
        + "Class folders may be in sub-folders named train, val (or valid, validation) and test. "
        + "A file labels.csv (file,label;label) or labels.jsonl beside the images gives them any number of labels.";

    /// <summary>The folder of a data set.</summary>
    public static Option<string> Data() => new("--data")
    {
        Description = DatasetFolder,
        Required = true,
        HelpName = "folder",
    };

    /// <summary>The device that runs networks.</summary>
    public static Option<string> Device()
    {
        var device = new Option<string>("--device")
        {
            Description = "The device that runs the network: cpu; cuda, which fails if CUDA does not work; "
                + "or auto, which uses CUDA if it works and the CPU otherwise.",
            DefaultValueFactory = _ => "auto",
        };
        device.AcceptOnlyFromAmong("auto", "cpu", "cuda");
        return device;
    }

    /// <summary>
    /// Selects the device for a value of the option <see cref="Device"/>. Prints a warning if auto falls back to the CPU although CUDA is
    /// installed.
    /// </summary>
    /// <exception cref="FoveaException">The value is cuda, which does not work on this machine; the message gives the reason.</exception>
    public static Device Chosen(string device)
    {
        var chosen = Models.Runtime.Device.Choose(new() { Device = Enum.Parse<DeviceChoice>(device, ignoreCase: true) });
        if (chosen.FellBack)
        {
            Console.Error.WriteLine($"warning: {chosen.Reason}");
        }

        return chosen;
    }

    /// <summary>The seed of all random numbers.</summary>
    public static Option<long> Seed() => new("--seed")
    {
        Description = "The seed of all random numbers, any whole number.",
        DefaultValueFactory = _ => 1,
        HelpName = "number",
    };

    /// <summary>Whether to print JSON.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    /// <summary>The preprocessing that replaces the model file's preprocessing.</summary>
    public static Option<string?> Preprocessing() => new("--preprocessing")
    {
        Description = "How an image becomes the input: the path of a JSON file in the format of model.json, or imagenet, "
            + "or unit (pixels divided by 255). Default: the metadata of the .onnx file, or the .json file with the same name.",
        HelpName = "file|imagenet|unit",
    };

    /// <summary>The number of classes.</summary>
    public static Option<int?> Classes() => new("--classes")
    {
        Description = "The number of classes, 2 to 100000. Default: that of the paper.",
        HelpName = "number",
    };

    /// <summary>The input size.</summary>
    public static Option<string?> Input() => new("--input")
    {
        Description = "The input size as CxHxW, such as 1x28x28. Default: that of the paper.",
        HelpName = "CxHxW",
    };

    /// <summary>Whether to add auxiliary heads.</summary>
    public static Option<bool> Auxiliary() => new("--auxiliary") { Description = "Add the auxiliary heads, which only serve training." };

    /// <summary>The first layers of the network.</summary>
    public static Option<string> Stem()
    {
        var stem = new Option<string>("--stem")
        {
            Description = "The first layers: small (a 3x3 convolution with stride 1, no pooling), imagenet (those of the paper), or auto "
                + $"(small where the network has it and the input has at most {Architecture.SmallSide} pixels in height and width).",
            DefaultValueFactory = _ => StemNames.Of(Models.Architectures.Stem.Auto),
        };
        stem.AcceptOnlyFromAmong([.. StemNames.All]);
        return stem;
    }

    /// <summary>Returns a value of an option that must be 1 to <paramref name="highest"/>.</summary>
    /// <exception cref="FoveaException">The value is out of its range.</exception>
    public static int InRange(string option, int value, int highest) => value >= 1 && value <= highest
        ? value
        : throw new FoveaException(ErrorCode.BadArgument, $"{option} is {value}; expected 1 to {highest}.");

    /// <summary>Loads a model for inference. Missing metadata comes from the .json file with the same name.</summary>
    /// <param name="file">The path of the .onnx file.</param>
    /// <param name="preprocessing">
    /// A value of <see cref="Preprocessing"/>, which replaces the preprocessing in the file; null keeps the file's preprocessing.
    /// </param>
    /// <exception cref="FoveaException">A file is missing or damaged, or the preprocessing does not fit the network.</exception>
    public static Classifier Load(string file, string? preprocessing)
    {
        RequireFile(file);
        try
        {
            var (overrides, fallback) = MetadataOf(file, preprocessing);
            return Classifier.Load(file, overrides, fallback);
        }
        catch (FoveaException e) when (e.InnerException is Microsoft.ML.OnnxRuntime.OnnxRuntimeException)
        {
            // OnnxFile.Read describes a damaged file in plainer words than ONNX Runtime does.
            OnnxFile.Read(file);
            throw;
        }
    }

    /// <summary>Reads a model for fine-tuning. Missing metadata comes from the .json file with the same name.</summary>
    /// <param name="file">The path of the .onnx file.</param>
    /// <param name="preprocessing">
    /// A value of <see cref="Preprocessing"/>, which replaces the preprocessing in the file; null keeps the file's preprocessing.
    /// </param>
    /// <exception cref="FoveaException">
    /// A file is missing or damaged, or neither the parameter nor a file gives the preprocessing.
    /// </exception>
    public static BaseModel Base(string file, string? preprocessing)
    {
        RequireFile(file);
        var (overrides, fallback) = MetadataOf(file, preprocessing);
        return BaseModel.Read(file, overrides, fallback);
    }

    /// <summary>
    /// Returns a model file's metadata from the command line (<c>Overrides</c>) and from the .json file with the same name
    /// (<c>Fallback</c>).
    /// </summary>
    /// <param name="file">The path of the .onnx file.</param>
    /// <param name="preprocessing">
    /// A value of <see cref="Preprocessing"/>, which replaces the preprocessing in the file; null keeps the file's preprocessing.
    /// </param>
    /// <exception cref="FoveaException">A file is missing or cannot be understood.</exception>
    public static (ModelMetadata? Overrides, ModelMetadata? Fallback) MetadataOf(string file, string? preprocessing)
    {
        RequireFile(file);
        return (Overrides(file, preprocessing), Sidecar(file));
    }

    /// <summary>Returns the names in a labels file; null if <paramref name="path"/> is null.</summary>
    /// <exception cref="FoveaException">The file cannot be read.</exception>
    public static ImmutableArray<string>? Lines(string? path)
    {
        try
        {
            return path is null ? null : [.. LabelFiles.Lines(LabelFiles.Decode(File.ReadAllBytes(path)))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"The labels file {path} cannot be read: {FileFailure.Reason(e, path!)}; expected a text file with one class name per "
                + "line.",
                e);
        }
    }

    /// <summary>Builds a network of the catalog, or reads a file.</summary>
    /// <param name="nameOrFile">A network of the catalog, or the path of an .onnx file.</param>
    /// <param name="classes">The number of classes; null for the paper's.</param>
    /// <param name="input">The input size; null for the paper's.</param>
    /// <param name="auxiliary">Whether to add auxiliary heads.</param>
    /// <param name="stem">A value of <see cref="Stem"/>; null for auto.</param>
    /// <exception cref="FoveaException">
    /// The value is neither a network of the catalog nor a file, or it is a file and one of the other parameters is given.
    /// </exception>
    public static Graph Network(
        string nameOrFile, int? classes = null, string? input = null, bool auxiliary = false, string? stem = null)
    {
        if (Catalog.Architectures.Any(a => a.Name == nameOrFile))
        {
            return Catalog.Find(nameOrFile).Build(
                classes, InputSize.Parse(input), auxiliary: auxiliary, stem: StemNames.Parse(stem));
        }

        if (classes is not null || input is not null || auxiliary || StemNames.Parse(stem) != Models.Architectures.Stem.Auto)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"--classes, --input, --stem and --auxiliary cannot change the file {nameOrFile}; expected a network of the catalog.");
        }

        return File.Exists(nameOrFile) || nameOrFile.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)
            ? ModelAdoption.NetworkOf(nameOrFile, fallback: Sidecar(nameOrFile))
            : throw new FoveaException(
                ErrorCode.UnknownArchitecture,
                $"{nameOrFile} is neither a network of the catalog nor a file; expected a file or one of {Networks}.");
    }

    private static void RequireFile(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        var problem = Catalog.Architectures.Any(a => a.Name == path) ? "is a network of the catalog, not a model file"
            : Directory.Exists(path) ? "is a folder"
            : "does not exist";
        throw new FoveaException(ErrorCode.BadModelFile, $"{path} {problem}; expected an .onnx file.");
    }

    private static ModelMetadata? Overrides(string file, string? preprocessing) => preprocessing switch
    {
        null => null,
        "imagenet" => new() { Preprocessing = Models.Imaging.Preprocessing.ImageNet(CropSide(file)) },
        "unit" => new() { Preprocessing = Unit(OnnxFile.Read(file).Inputs[0].Shape) },
        _ => ModelJson.Read(preprocessing) ?? throw new FoveaException(
            ErrorCode.BadArgument, $"The preprocessing file {preprocessing} does not exist; expected a JSON file, imagenet or unit."),
    };

    // The metadata in the .json file with the same name as the model file. For a version in a model repository, the model's model.json
    // gives the values that this file lacks. Null if neither file exists.
    private static ModelMetadata? Sidecar(string file)
    {
        var own = ModelJson.Read(Path.ChangeExtension(file, ".json"));
        var model = Path.GetFileName(file) == "model.onnx" && Path.GetDirectoryName(Path.GetFullPath(file)) is { } version
            && int.TryParse(Path.GetFileName(version), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                ? ModelJson.Read(Path.Combine(version, "..", "model.json"))
                : null;
        return own?.Or(model) ?? model;
    }

    // The height of the network's input, or 224, ImageNet's usual crop, if the file does not fix the height.
    private static int CropSide(string file) =>
        ImageOf(OnnxFile.Read(file).Inputs[0].Shape) is { } image && image[1] != Shape.Free ? image[1] : 224;

    // [C, H, W] of an input whose channels come first or last; null if the input does not have four axes.
    private static Shape? ImageOf(Shape input) => input.Rank != 4 ? null
        : input[3] is 1 or 3 && input[1] is not (1 or 3) ? new(input[3], input[1], input[2])
        : new(input[1], input[2], input[3]);

    private static Preprocessing Unit(Shape input) => ImageOf(input) is { } image && image[1] != Shape.Free && image[2] != Shape.Free
        ? new() { Crop = [image[1], image[2]], Color = image[0] == 1 ? ColorOrder.Gray : ColorOrder.Rgb }
        : throw new FoveaException(
            ErrorCode.BadArgument,
            $"The network's input is {input}; expected [N, C, H, W] with fixed H and W, or a JSON file with the crop.");
}
