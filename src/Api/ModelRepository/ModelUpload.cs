using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Storage;
using Fovea.Models.Adoption;
using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// Receives an uploaded model. The request's body is the .onnx file itself, or a form. The form has the .onnx file; a model.json and a
/// .txt file of labels, if the .onnx file lacks metadata; the files that other software keeps beside a model (<see
/// cref="Sidecars.FileNames"/>); and the files that hold the tensors of the .onnx file. Each file is written to the disk as it arrives, so
/// no file is held in memory.
/// </summary>
internal sealed class ModelUpload(HttpRequest request, StagingFolder staging, int mostBytes)
{
    /// <summary>The largest size in bytes of a file that holds no tensors.</summary>
    public const int MostBesideBytes = 16 << 20;

    // The largest number of files that hold tensors outside the .onnx file.
    private const int MostTensorFiles = 8;

    private const string Expected = "expected one .onnx file, and beside it at most a .json and a .txt file, files such as config.json "
        + "that other software keeps beside a model, and the .data files that hold the tensors of the .onnx file";

    // The endings of the names of files that hold tensors.
    private static readonly string[] TensorEndings = [".data", ".onnx_data", ".bin"];
    private static readonly int MostFiles = Sidecars.FileNames.Count + MostTensorFiles + 3;

    /// <summary>Writes the uploaded files into the staging folder.</summary>
    /// <exception cref="RefusalException">The files are too large, a file is missing or unexpected, or the folder cannot be written to.
    /// </exception>
    public async Task Receive(CancellationToken stop)
    {
        long most = RequestBody.IsMultipart(request) ? (long)mostBytes + (MostFiles * MostBesideBytes) : mostBytes;
        RequestBody.RefuseOver(most, "The model", request.ContentLength);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Turns off ASP.NET's limit for bodies: a model may be larger, and StagingFolder.Receive enforces the limit for models.
            limit.MaxRequestBodySize = null;
        }

        if (RequestBody.IsMultipart(request))
        {
            await ReceiveForm(stop);
        }
        else
        {
            await staging.Receive(request.Body, VersionFolder.ModelFile, mostBytes, stop);
        }

        if (!File.Exists(Path.Combine(staging.Path, VersionFolder.ModelFile)))
        {
            throw new ServiceException(ServiceError.MalformedRequest, $"The form has no .onnx file; {Expected}.");
        }
    }

    private async Task ReceiveForm(CancellationToken stop)
    {
        var reader = new MultipartReader(MultipartImages.Boundary(request), request.Body);
        string? labels = null;
        long left = mostBytes;
        for (int files = 1; await MultipartImages.Try(() => reader.ReadNextSectionAsync(CancellationToken.None)) is { } section; files++)
        {
            var header = section.GetContentDispositionHeader();
            var sent = (header?.FileName is { Length: > 0 } file ? file : header?.Name ?? "").ToString().Trim('"');
            var name = NameOf(sent);
            bool isLabels = !IsSidecar(name) && EndingOf(name) == ".txt";
            if (files > MostFiles || (isLabels && labels is not null) || File.Exists(Path.Combine(staging.Path, name)))
            {
                throw new ServiceException(ServiceError.MalformedRequest, $"'{ReadableText.Of(sent)}' is one file too many; {Expected}.");
            }

            labels = isLabels ? name : labels;
            bool isTensors = name == VersionFolder.ModelFile || IsTensors(name);
            long length = await MultipartImages.Try(
                () => staging.Receive(section.Body, name, isTensors ? left : MostBesideBytes, stop));
            left -= isTensors ? length : 0;
        }
    }

    // Returns the name that the stored file gets, so that model.json, the .onnx file or adoption finds it. The case of letters has no
    // effect, except in the names of files with tensors: the .onnx file names those exactly.
    private static string NameOf(string sent) =>
        Sidecars.FileNames.FirstOrDefault(name => name.Equals(sent, StringComparison.OrdinalIgnoreCase)) is { } sidecar ? sidecar
        : EndingOf(sent) switch
        {
            ".onnx" => VersionFolder.ModelFile,
            ".json" => VersionFolder.JsonFile,
            ".txt" => Kept(sent),
            _ when IsTensors(sent) => Kept(sent),
            _ => throw Unexpected(sent),
        };

    private static bool IsSidecar(string name) => Sidecars.FileNames.Contains(name);

    private static bool IsTensors(string name) => TensorEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    private static string EndingOf(string name) => Path.GetExtension(name).ToLowerInvariant();

    // Checks a name that the stored file keeps, because another file of the form refers to it.
    private static string Kept(string sent)
    {
        string[] names = ArchivePath.Names(sent);
        if (names.Length > 1 || PassedOver.IsLeftover(names))
        {
            throw Unexpected(sent);
        }

        return ArchivePath.WhyNot(names) is { } reason
            ? throw new ServiceException(ServiceError.MalformedRequest, $"A file of the form is called '{ReadableText.Of(sent)}'. {reason}")
            : sent;
    }

    private static ServiceException Unexpected(string sent) =>
        new(ServiceError.MalformedRequest, $"A file of the form is called '{ReadableText.Of(sent)}'; {Expected}, without folders.");
}
