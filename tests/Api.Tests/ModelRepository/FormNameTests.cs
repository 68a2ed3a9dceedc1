using System.Text;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.ModelRepository;

[Trait("Needs", "time")]
public sealed class FormNameTests
{
    [Theory]
    [InlineData("LONG.txt", "more than 200 bytes")]
    [InlineData("a\u0001b.txt", "cannot be stored")]
    [InlineData("a:b.txt", "cannot be stored")]
    [InlineData("con.txt", "reserved for a device")]
    [InlineData("COM1.labels.txt", "reserved for a device")]
    [InlineData("../labels.txt", "without folders")]
    [InlineData("a\\\\b.txt", "without folders")]
    [InlineData(".labels.txt", "without folders")]
    [InlineData("LONG.exe", "expected one .onnx file")]
    public async Task File_of_a_form_whose_name_cannot_be_stored_is_400(string name, string reason)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        var sent = name.Replace("LONG", new string('x', 300), StringComparison.Ordinal);
        byte[] form =
        [
            .. Encoding.UTF8.GetBytes($"--x\r\nContent-Disposition: form-data; name=a; filename=\"{sent}\"\r\n\r\nlabels\r\n--x--\r\n"),
        ];
        var (status, problem) = await administrator.Send(
            HttpMethod.Put, "/models/lenet5/versions/2", form.As("multipart/form-data; boundary=x"));
        Assert.True(status == 400, $"{problem}");
        problem.IsProblem(400, "malformed_request", reason);
        Assert.InRange(problem.GetProperty("detail").GetString()!.Length, 1, 500);
        Assert.Empty(administrator.Service.Logs.Errors);
    }

    [Theory]
    [InlineData("filename*=UTF-8''a%00b.txt")]
    [InlineData("filename=\"=?utf-8?B?AAAA?=.txt\"")]
    [InlineData("filename=\"=?utf-8?Q?=00?=.txt\"")]
    public async Task Encoded_name_is_400(string parameter)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        byte[] form = [.. Encoding.UTF8.GetBytes($"--x\r\nContent-Disposition: form-data; name=a; {parameter}\r\n\r\nlabels\r\n--x--\r\n")];
        var (status, problem) = await administrator.Send(
            HttpMethod.Put, "/models/lenet5/versions/2", form.As("multipart/form-data; boundary=x"));
        Assert.True(status == 400, $"{problem}");
        using var images = form.As("multipart/form-data; boundary=x");
        using var classified = await administrator.Service.Client.PostAsync(
            "/classify/lenet5", images, TestContext.Current.CancellationToken);
        Assert.InRange((int)classified.StatusCode, 400, 499);
        Assert.Empty(administrator.Service.Logs.Errors);
    }
}
