using Fovea.Api.DatasetRepository;
using Fovea.Api.FineTuning;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>The data sets and the reports of jobs as the files of OpenAI's API.</summary>
internal sealed class OpenAIFiles(DatasetStore datasets, DatasetRemoval removal, JobReports reports)
{
    private const int MostInList = 10_000;

    /// <summary>Returns a page of the data sets.</summary>
    /// <param name="purpose">fine-tune, or null, lists the data sets. Every other purpose gives an empty list.</param>
    /// <param name="after">The id of the last file of the previous page; null: the first page.</param>
    /// <param name="limit">The number of files, 1 to 10,000; null: 10,000.</param>
    /// <param name="order">desc, the newest first, or asc; null: desc.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: a parameter has another value.</exception>
    public OpenAIList<OpenAIFile> List(string? purpose, string? after, string? limit, string? order)
    {
        var all = purpose is null or OpenAIFile.FineTune ? datasets.All : [];
        var page = Page.Of(
            order switch
            {
                null or "desc" => all,
                "asc" => [.. all.Reverse()],
                _ => throw new ServiceException(
                    ServiceError.MalformedRequest, $"order is {ReadableText.Of(order)}; expected asc or desc."),
            },
            dataset => dataset.Id, after, limit, MostInList, MostInList);
        return OpenAIList.Of(new Page<OpenAIFile>(page.Object, [.. page.Data.Select(OpenAIFile.Of)], page.HasMore), file => file.Id);
    }

    /// <summary>Returns the file with this id.</summary>
    /// <exception cref="RefusalException">No file has this id.</exception>
    public async Task<OpenAIFile> Find(string id, CancellationToken stop) => OpenAIFile.JobOf(id) is { } job
        ? OpenAIFile.Of(job, new FileInfo(await reports.Find(job, asPage: false, stop)))
        : OpenAIFile.Of(datasets.Get(id));

    /// <summary>The contents of a file: a report as JSON, a data set as a zip file that can be uploaded again.</summary>
    /// <exception cref="RefusalException">There is no such file.</exception>
    public async Task<IResult> Content(string id, HttpContext context, CancellationToken stop)
    {
        if (OpenAIFile.JobOf(id) is { } job)
        {
            return TypedResults.PhysicalFile(await reports.Find(job, asPage: false, stop), "application/json");
        }

        var dataset = datasets.Get(id);

        // After each file, .NET's ZipArchive writes the file's sizes, 16 bytes, with a synchronous call.
        context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
        return TypedResults.Stream(
            body => DatasetContent.Write(dataset, body, stop), "application/zip", OpenAIFile.Of(dataset).Filename);
    }

    /// <summary>Deletes a data set.</summary>
    /// <exception cref="RefusalException">No file has this id, a job uses the data set, or the file is the report of a job.</exception>
    public async Task<OpenAIDeletion> Delete(string id, CancellationToken stop)
    {
        if (OpenAIFile.JobOf(id) is not null)
        {
            throw new ServiceException(
                ServiceError.Conflict, $"{id} is the report of a job, and is deleted with the job; expected the id of a data set.");
        }

        await removal.Delete(id, stop);
        return new(id, "file");
    }
}
