using System.Security.Cryptography;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Training.Downloads;

/// <summary>A public data set that the <c>data get</c> command can download.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Mirrors">Folders that hold all of the files; they are tried in order.</param>
/// <param name="Sha256">The file names, each with the file's SHA-256 in lower-case hexadecimal.</param>
internal sealed record PublicDataset(string Name, IReadOnlyList<Uri> Mirrors, IReadOnlyDictionary<string, string> Sha256)
{
    private static readonly TimeSpan DownloadTimeout = TimeSpan.FromSeconds(60);

    private static readonly Uri[] MnistMirrors =
    [
        new("https://ossci-datasets.s3.amazonaws.com/mnist/"),
        new("https://storage.googleapis.com/cvdf-datasets/mnist/"),
    ];

    private static readonly Uri[] FashionMnistMirrors =
    [
        new("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        new("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
    ];

    /// <summary>MNIST (LeCun, Cortes and Burges) and Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017).</summary>
    public static IReadOnlyList<PublicDataset> All { get; } =
    [
        new("mnist", MnistMirrors, new Dictionary<string, string>
        {
            ["train-images-idx3-ubyte.gz"] = "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ["train-labels-idx1-ubyte.gz"] = "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ["t10k-images-idx3-ubyte.gz"] = "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ["t10k-labels-idx1-ubyte.gz"] = "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        }),
        new("fashion-mnist", FashionMnistMirrors, new Dictionary<string, string>
        {
            ["train-images-idx3-ubyte.gz"] = "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ["train-labels-idx1-ubyte.gz"] = "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ["t10k-images-idx3-ubyte.gz"] = "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ["t10k-labels-idx1-ubyte.gz"] = "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        }),
    ];

    /// <summary>
    /// Downloads the files that the folder does not hold yet. A file is verified before it is written, and an interrupted write leaves no
    /// partial file.
    /// </summary>
    /// <param name="folder">The folder to write to; it is created if it is missing.</param>
    /// <param name="log">Receives one line of text for each file.</param>
    /// <param name="stop">Cancels the download.</param>
    /// <exception cref="FoveaException">No mirror served a file with the right SHA-256, or the folder is not writable.</exception>
    public async Task Download(string folder, Action<string> log, CancellationToken stop)
    {
        using var client = new HttpClient { Timeout = DownloadTimeout };
        foreach (var (file, sha256) in Sha256)
        {
            var path = Path.Combine(folder, file);
            if (File.Exists(path) && Sum(await File.ReadAllBytesAsync(path, stop)) == sha256)
            {
                log($"{path}: already downloaded");
                continue;
            }

            var bytes = await FromAnyMirror(client, file, sha256, stop);
            AtomicFile.Write(path, stream => stream.Write(bytes));
            log($"{path}: {bytes.Length} bytes, SHA-256 {sha256}");
        }
    }

    private async Task<byte[]> FromAnyMirror(HttpClient client, string file, string sha256, CancellationToken stop)
    {
        var reasons = new List<string>();
        foreach (var mirror in Mirrors)
        {
            try
            {
                var bytes = await client.GetByteArrayAsync(new Uri(mirror, file), stop);
                if (Sum(bytes) == sha256)
                {
                    return bytes;
                }

                reasons.Add($"{mirror.Host} sent a file with the SHA-256 {Sum(bytes)}; expected {sha256}");
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !stop.IsCancellationRequested))
            {
                var reason = e is TaskCanceledException ? $"no answer within {DownloadTimeout.TotalSeconds} s" : e.Message.TrimEnd('.');
                reasons.Add($"{mirror.Host}: {reason}");
            }
        }

        throw new FoveaException(ErrorCode.DownloadFailed, $"{file} of {Name} could not be downloaded: {string.Join("; ", reasons)}.");
    }

    private static string Sum(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
