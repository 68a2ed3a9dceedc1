using Fovea.Models;

namespace Fovea.Api;

/// <summary>The settings under <c>Fovea</c>, from appsettings.json, the environment (<c>Fovea__...</c>) and the command line. A wrong value stops the start.</summary>
internal sealed record Settings
{
    /// <summary>
    /// The folder of the models, <c>{model}/{version}/model.onnx</c>. Default <c>onnx</c>. A relative folder is looked up from the working folder,
    /// in Development from the repository's root. A folder that does not exist stops the start.
    /// </summary>
    public string ModelRepository { get; init; } = "onnx";

    /// <summary>The size of one image file in bytes, 1 to 1 GiB. Default 20 MiB. An image over it is refused with 413.</summary>
    public int MaxImageBytes { get; init; } = 20 << 20;

    /// <summary>The size of one request's body in bytes, <see cref="MaxImageBytes"/> to 1 GiB. Default 100 MiB. A request over it is refused with 413.</summary>
    public int MaxRequestBytes { get; init; } = 100 << 20;

    /// <summary>The files of one multipart request, 1 to 10,000. Default 1,000. A request over it is refused with 400.</summary>
    public int MaxImages { get; init; } = 1_000;

    /// <summary>The pixels of one image, width times height, 1 to 1,000 million. Default 50 million. An image over it is refused with 422, undecoded.</summary>
    public long MaxPixels { get; init; } = 50_000_000;

    /// <summary>The width or height of one image in pixels, 1 to 65,535. Default 16,384. An image over it is refused with 422, undecoded.</summary>
    public int MaxSide { get; init; } = 16_384;

    /// <summary>The frames of an animated image, 0 to 1 million; 0: any number. Default 0, since only the first is decoded. An image over it is refused with 422.</summary>
    public int MaxFrames { get; init; }

    /// <summary>The formats that are accepted, of JPEG, PNG, WebP, BMP and GIF. Default: all of them. An image of another is refused with 422.</summary>
    public IReadOnlyList<string> Formats { get; init; } = [];

    /// <summary>
    /// The folder of what the service remembers, such as measured batch sizes. Default <c>data</c>. It is made when it is first needed; a relative
    /// folder is looked up as that of the models.
    /// </summary>
    public string Data { get; init; } = "data";

    /// <summary>What an image may ask of the decoder.</summary>
    public ImageLimits ImageLimits { get; private init; } = new();

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind, or out of its range.</exception>
    public static Settings Read(IConfiguration configuration, IHostEnvironment environment)
    {
        const int GiB = 1 << 30;
        var settings = Bind<Settings>(configuration);
        Check(settings.MaxImageBytes, 1, GiB);
        Check(settings.MaxRequestBytes, settings.MaxImageBytes, GiB);
        Check(settings.MaxImages, 1, 10_000);
        Check(settings.MaxPixels, 1, 1_000_000_000);
        Check(settings.MaxSide, 1, 65_535);
        Check(settings.MaxFrames, 0, 1_000_000);
        var basis = BaseFolder(environment);
        var folder = Path.GetFullPath(settings.ModelRepository, basis);
        return Directory.Exists(folder)
            ? settings with { ModelRepository = folder, Data = Path.GetFullPath(settings.Data, basis), ImageLimits = settings.Limits() }
            : throw new FoveaException(ErrorCode.BadArgument, $"Fovea:ModelRepository is {settings.ModelRepository}, but there is no folder {folder}; expected a folder of <model>/<version>/model.onnx.");
    }

    /// <summary>Reads some of the settings under <c>Fovea</c>.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind.</exception>
    public static T Bind<T>(IConfiguration configuration)
        where T : new() => Reading(() => configuration.GetSection("Fovea").Get<T>() ?? new());

    /// <summary>Reads something out of the configuration.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind.</exception>
    public static T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new FoveaException(ErrorCode.BadArgument, e.Message, e);
        }
    }

    /// <summary>Refuses a value that is out of its range.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>.</exception>
    public static void Check(long value, long least, long most, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value < least || value > most)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"Fovea:{name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]} is {value}; expected {least} to {most}.");
        }
    }

    private ImageLimits Limits()
    {
        var limits = new ImageLimits(MaxPixels, MaxSide) { Frames = MaxFrames };
        return Formats.Except(limits.Formats, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } unknown
            ? throw new FoveaException(ErrorCode.BadArgument, $"Fovea:Formats holds {unknown}; expected some of {string.Join(", ", limits.Formats)}.")
            : Formats.Count == 0 ? limits : limits with { Formats = [.. Formats] };
    }

    // `dotnet run` starts a web project in the project's folder, wherever it is called from.
    private static string BaseFolder(IHostEnvironment environment)
    {
        var working = new DirectoryInfo(Environment.CurrentDirectory);
        var root = working;
        while (environment.IsDevelopment() && root is not null && !File.Exists(Path.Combine(root.FullName, "Service.sln")))
        {
            root = root.Parent;
        }

        return (root ?? working).FullName;
    }
}
