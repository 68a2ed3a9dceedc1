using System.CommandLine;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Arguments and options that several commands share.</summary>
internal static class Arguments
{
    /// <summary>A catalog name.</summary>
    public static Argument<string> Name() => new("NAME") { Description = $"A network of the catalog: {string.Join(", ", Catalog.Architectures.Select(a => a.Name))}." };

    /// <summary>A model file.</summary>
    public static Argument<string> ModelFile() => new("FILE") { Description = "An .onnx file with its labels and preprocessing inside." };

    /// <summary>A catalog name or a model file.</summary>
    public static Argument<string> NameOrFile() => new("NAME|FILE.onnx") { Description = "A network of the catalog, or an .onnx file." };

    /// <summary>The file to write.</summary>
    public static Option<string> Output() => new("--output", "-o") { Description = "The .onnx file to write.", Required = true };

    /// <summary>A data set's folder.</summary>
    public static Option<string> Data() => new("--data")
    {
        Description = "A folder: class sub-folders of images, or the four IDX files of MNIST (plain or .gz), with train/val/test sub-folders where they exist.",
        Required = true,
    };

    /// <summary>What networks run on.</summary>
    public static Option<string> Device()
    {
        var device = new Option<string>("--device")
        {
            Description = "What networks run on: cpu, cuda (an error where it does not work) or auto (cuda where it works, else cpu).",
            DefaultValueFactory = _ => "auto",
        };
        device.AcceptOnlyFromAmong("auto", "cpu", "cuda");
        return device;
    }

    /// <summary>The device that an option means; on standard error, why it is not the one wanted.</summary>
    /// <exception cref="FoveaException">It is cuda, which does not work here; the message says why.</exception>
    public static Device Chosen(string device)
    {
        var chosen = Fovea.Models.Device.Choose(new() { Device = Enum.Parse<DeviceChoice>(device, ignoreCase: true) });
        if (chosen.FellBack)
        {
            Console.Error.WriteLine($"warning: {chosen.Reason}");
        }

        return chosen;
    }

    /// <summary>What all randomness comes from.</summary>
    public static Option<long> Seed() => new("--seed") { Description = "What all randomness comes from.", DefaultValueFactory = _ => 1 };

    /// <summary>Whether to print JSON.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    /// <summary>What holds in place of the file's own preprocessing.</summary>
    public static Option<string?> Preprocessing() => new("--preprocessing")
    {
        Description = "How images become the input: a JSON file as model.json is, or imagenet or unit (divided by 255); default: what the .onnx file says, or the .json file beside it.",
    };

    /// <summary>Loads a model, with the preprocessing given or the JSON file beside it.</summary>
    /// <exception cref="FoveaException">One of the files cannot be read, or they do not fit.</exception>
    public static Classifier Load(string file, string? preprocessing) => Classifier.Load(file, Overrides(file, preprocessing), Beside(file));

    /// <summary>Reads a model that is to be taught new classes, with the preprocessing given or the JSON file beside it.</summary>
    /// <exception cref="FoveaException">One of the files cannot be read, or none says how images become the input.</exception>
    public static BaseModel Base(string file, string? preprocessing) => BaseModel.Read(file, Overrides(file, preprocessing), Beside(file));

    /// <summary>How many classes.</summary>
    public static Option<int?> Classes() => new("--classes") { Description = "Number of classes, 2 to 100000; default: the paper's." };

    /// <summary>The size of images.</summary>
    public static Option<string?> Input() => new("--input") { Description = "Input size as CxHxW, such as 1x28x28; default: the paper's." };

    /// <summary>Whether to add what only serves training.</summary>
    public static Option<bool> Auxiliary() => new("--auxiliary") { Description = "Add the heads that only serve training, of networks that have them." };

    /// <summary>The network that an argument means: a graph built or read.</summary>
    /// <exception cref="FoveaException">It is neither a name of the catalog nor a file, or is a file and the size of a network is asked for.</exception>
    public static Graph Network(string nameOrFile, int? classes = null, string? input = null, bool auxiliary = false)
    {
        if (Catalog.Architectures.Any(a => a.Name == nameOrFile))
        {
            return Catalog.Find(nameOrFile).Build(classes, InputSize.Parse(input), auxiliary: auxiliary);
        }

        if (classes is not null || input is not null || auxiliary)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"--classes, --input and --auxiliary cannot change {nameOrFile}; expected a network of the catalog with them.");
        }

        return File.Exists(nameOrFile) || nameOrFile.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)
            ? OnnxFile.Read(nameOrFile).ForImages(Beside(nameOrFile)?.Preprocessing?.Checked().Shape)
            : throw new FoveaException(ErrorCode.UnknownArchitecture, $"{nameOrFile} is neither a network of the catalog ({string.Join(", ", Catalog.Architectures.Select(a => a.Name))}) nor a file.");
    }

    private static ModelMetadata? Overrides(string file, string? preprocessing) => preprocessing switch
    {
        null => null,
        "imagenet" => new() { Preprocessing = Fovea.Models.Preprocessing.ImageNet(Side(file)) },
        "unit" => new() { Preprocessing = Unit(OnnxFile.Read(file).Inputs[0].Shape) },
        _ => ModelJson.Read(preprocessing) ?? throw new FoveaException(ErrorCode.BadArgument, $"There is no file {preprocessing}; expected a JSON file, imagenet or unit."),
    };

    private static ModelMetadata? Beside(string file) => ModelJson.Read(Path.ChangeExtension(file, ".json"));

    // ImageNet's own crop where the file leaves the size free.
    private static int Side(string file) => OnnxFile.Read(file).Inputs[0].Shape is { Rank: 4 } shape && shape[2] != Shape.Free ? shape[2] : 224;

    private static Preprocessing Unit(Shape input) => input is { Rank: 4 } && input[2] != Shape.Free && input[3] != Shape.Free
        ? new() { Crop = [input[2], input[3]], Color = input[1] == 1 ? ColorOrder.Gray : ColorOrder.Rgb }
        : throw new FoveaException(ErrorCode.BadArgument, $"The input is {input}; expected [N, C, H, W] with H and W fixed, or a JSON file with the crop.");
}
