using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Api.Configuration;

/// <summary>
/// The settings under <c>Fovea</c>, from appsettings.json, the environment (<c>Fovea__...</c>) and the command line. The service does not
/// start with a wrong value.
/// </summary>
internal sealed record Settings
{
    /// <summary>
    /// The folder of the models, each at <c>{model}/{version}/model.onnx</c>. A relative path starts at the working folder, or in the
    /// Development environment at the root of the source repository. The service does not start if the folder does not exist.
    /// </summary>
    public string ModelRepository { get; init; } = "onnx";

    /// <summary>The largest size of one image file in bytes. A larger image is refused with 413.</summary>
    [Range(1, 1 << 30)]
    public int MaxImageBytes { get; init; } = 20 << 20;

    /// <summary>The largest size of one request's body in bytes. A larger request is refused with 413.</summary>
    [Range(1, 1 << 30)]
    public int MaxRequestBytes { get; init; } = 100 << 20;

    /// <summary>The largest number of files in one multipart request. A request with more files is refused with 400.</summary>
    [Range(1, 10_000)]
    public int MaxImages { get; init; } = 1_000;

    /// <summary>
    /// The largest number of pixels of one image, width times height. A larger image is refused with 422 before it is decoded.
    /// </summary>
    [Range(1, 1_000_000_000)]
    public long MaxPixels { get; init; } = 50_000_000;

    /// <summary>The largest width or height of one image in pixels. A larger image is refused with 422 before it is decoded.</summary>
    [Range(1, 65_535)]
    public int MaxSide { get; init; } = 16_384;

    /// <summary>The largest number of frames of an animated image; 0 sets no limit. An image with more is refused with 422.</summary>
    [Range(0, 1_000_000)]
    public int MaxFrames { get; init; }

    /// <summary>The accepted formats, some of JPEG, PNG, WebP, BMP and GIF. An image of another format is refused with 422.</summary>
    [DefaultValue("all: JPEG, PNG, WebP, BMP, GIF")]
    public IReadOnlyList<string> Formats { get; init; } = [];

    /// <summary>
    /// The folder for the service's own data: data sets, jobs and measured batch sizes. The service makes the folder when it first needs
    /// it. A relative path starts at the same folder as that of <see cref="ModelRepository"/>.
    /// </summary>
    public string Data { get; init; } = "data";

    /// <summary>The folder of the uploaded data sets.</summary>
    public string DatasetFolder => Path.Combine(Data, "datasets");

    /// <summary>The folder of the adopted forms of other software's models.</summary>
    public string AdoptedFolder => Path.Combine(Data, "adopted");

    /// <summary>The folder of downloaded pretrained bases.</summary>
    public string Weights => Path.Combine(Data, "weights");

    /// <summary>The limits for decoding images, from the other settings.</summary>
    public ImageLimits ImageLimits { get; private init; } = new();

    /// <summary>Reads the settings and checks their ranges.</summary>
    /// <exception cref="RefusalException">A value is of the wrong kind, or out of its range.</exception>
    public static Settings Read(IConfiguration configuration, IHostEnvironment environment)
    {
        var settings = Bind<Settings>(configuration);
        if (settings.MaxRequestBytes < settings.MaxImageBytes)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"Fovea:MaxRequestBytes is {settings.MaxRequestBytes}; expected at least Fovea:MaxImageBytes, {settings.MaxImageBytes}.");
        }

        var basis = BaseFolder(environment);
        var folder = Path.GetFullPath(settings.ModelRepository, basis);
        return Directory.Exists(folder)
            ? settings with { ModelRepository = folder, Data = Path.GetFullPath(settings.Data, basis), ImageLimits = settings.Limits() }
            : throw new FoveaException(
                ErrorCode.BadArgument,
                $"Fovea:ModelRepository is {settings.ModelRepository}, but the folder {folder} does not exist; expected a folder with "
                    + "<model>/<version>/model.onnx.");
    }

    /// <summary>Reads a record of settings, and checks their ranges and allowed values.</summary>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="prefix">The prefix of each key under <c>Fovea</c>, such as <c>Retention:</c>.</param>
    /// <exception cref="RefusalException">A value is of the wrong kind, or out of its range.</exception>
    public static T Bind<T>(IConfiguration configuration, string prefix = "")
        where T : class, new()
    {
        var section = configuration.GetSection($"Fovea:{prefix}".TrimEnd(':'));
        var settings = Setting.Of(typeof(T), prefix).ToArray();
        foreach (var setting in settings)
        {
            setting.RequireKind(section[setting.Property.Name]);
        }

        var read = section.Get<T>() ?? new();
        foreach (var setting in settings)
        {
            setting.Check(read);
        }

        return read;
    }

    private ImageLimits Limits()
    {
        var limits = new ImageLimits(MaxPixels, MaxSide) { Frames = MaxFrames };
        return Formats.Except(limits.Formats, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } unknown
                ? throw new FoveaException(
                    ErrorCode.BadArgument, $"Fovea:Formats contains {unknown}; expected some of {string.Join(", ", limits.Formats)}.")
            : Formats.Count == 0 ? limits : limits with { Formats = [.. Formats] };
    }

    // Returns the folder at which relative paths start. `dotnet run` starts a web project in the project's folder, from whatever folder it
    // is called. So in Development this is the root of the source repository, if there is one.
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
