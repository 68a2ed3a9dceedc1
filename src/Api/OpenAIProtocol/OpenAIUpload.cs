using System.Text;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Storage;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.WebUtilities;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>
/// Receives a file as OpenAI's clients send it: a form with the parts <c>purpose</c> and <c>file</c>, in any order. The file goes to the
/// disk as it arrives.
/// </summary>
internal sealed class OpenAIUpload(DatasetUpload datasets)
{
    private const int MostTextBytes = 1 << 10, MostNameCharacters = 100;
    private const string Expected = "expected a form with the parts purpose, which is fine-tune, and file, a zip of class folders";

    /// <summary>Turns the file of a form into a data set, which gets the file's name.</summary>
    /// <exception cref="RefusalException">The request is not such a form, or the file cannot be used.</exception>
    public async Task<OpenAIFile> Receive(HttpRequest request, CancellationToken stop)
    {
        if (!RequestBody.IsMultipart(request))
        {
            throw Malformed($"The request is declared as {request.ContentType ?? "nothing"}");
        }

        using var staging = datasets.Stage(request);
        var reader = new MultipartReader(MultipartImages.Boundary(request), request.Body);
        string? purpose = null, file = null;

        // The read gets no cancellation token: after a cancelled read, the server could not read the rest of the request's body.
        while (await MultipartImages.Try(() => reader.ReadNextSectionAsync(CancellationToken.None)) is { } section)
        {
            var name = section.GetContentDispositionHeader()?.Name.ToString().Trim('"') ?? "";
            switch (name)
            {
                case "purpose":
                    purpose = await ReadText(section);
                    break;
                case "file" when file is null:
                    file = section.AsFileSection()?.FileName ?? "";
                    await MultipartImages.Try(() => datasets.Write(section.Body, staging, stop));
                    break;
                default:
                    throw Malformed($"The form has a part {ReadableText.Of(name)}{(name == "file" ? " twice" : "")}");
            }
        }

        return OpenAIFile.Of(await Add(staging, purpose, file, stop));
    }

    private async Task<UploadedDataset> Add(StagingFolder staging, string? purpose, string? file, CancellationToken stop)
    {
        if (purpose != OpenAIFile.FineTune || file is null)
        {
            throw Malformed(file is null ? "The form has no file"
                : purpose is null ? "The form has no purpose"
                : $"purpose is {ReadableText.Of(purpose)}");
        }

        return await datasets.Add(staging, old: null, NameOf(file), stop);
    }

    // The name of the data set: the file's name without .zip and control characters, cut to the allowed length. Null if nothing is left.
    private static string? NameOf(string file)
    {
        var name = string.Concat(Path.GetFileName(file).Where(c => !char.IsControl(c)));
        name = name.EndsWith(OpenAIFile.Zip, StringComparison.OrdinalIgnoreCase) ? name[..^OpenAIFile.Zip.Length] : name;
        name = (name.Length > MostNameCharacters ? name[..MostNameCharacters] : name).Trim();
        return name.Length > 0 ? name : null;
    }

    private static async Task<string> ReadText(MultipartSection section)
    {
        using var bytes = await MultipartImages.Try(() => PooledBytes.Read(section.Body, MostTextBytes, CancellationToken.None))
            ?? throw Malformed($"The form's purpose has more than {MostTextBytes:N0} bytes");
        return Encoding.UTF8.GetString(bytes.Span);
    }

    private static ServiceException Malformed(string found) => new(ServiceError.MalformedRequest, $"{found}; {Expected}.");
}
