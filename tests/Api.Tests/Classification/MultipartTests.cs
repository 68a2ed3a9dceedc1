using System.Text;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Classification;

public sealed class MultipartTests(SharedService shared)
{
    private readonly TestService service = shared.Running;

    [Fact]
    public async Task Each_file_of_a_form_gets_its_answer_or_its_problem_in_order()
    {
        var (status, answers) = await service.Post(
            "/classify/lenet5?top=1", Images.Form(Images.Digit, Images.TruncatedPng, [], Encoding.UTF8.GetBytes("hello"), Images.Digit));
        Assert.Equal(200, status);
        Assert.Equal(5, answers.GetArrayLength());
        Assert.Equal("lenet5", answers[0].GetProperty("model").GetString());
        answers[1].IsProblem(422, "damaged_image", "1.png: The PNG is damaged");
        answers[2].IsProblem(400, "empty_body", "2.png");
        answers[3].IsProblem(422, "not_an_image", "3.png: The 5 bytes");
        answers[4].IsLike(answers[0]);
    }

    [Fact]
    public async Task Route_for_several_images_answers_a_form_with_the_same_list_and_refuses_any_other_body()
    {
        var (status, answers) = await service.Post("/classify/lenet5/images?top=1", Images.Form(Images.Digit, Images.TruncatedPng));
        Assert.Equal((200, 2), (status, answers.GetArrayLength()));
        Assert.Equal("lenet5", answers[0].GetProperty("model").GetString());
        answers[1].IsProblem(422, "damaged_image", "1.png: The PNG is damaged");
        var (refused, problem) = await service.Post("/classify/lenet5/images", Images.Digit.As("image/png"));
        Assert.Equal(415, refused);
        problem.IsProblem(415, "unsupported_media_type", "declared as image/png, which is not a form; expected multipart/form-data");
    }

    [Fact]
    public async Task Form_with_one_bad_file_is_422_with_a_list_of_one_problem()
    {
        var (status, answers) = await service.Post("/classify/lenet5", Images.Form(Images.TruncatedPng));
        Assert.Equal(422, status);
        Assert.Single(answers.EnumerateArray()).IsProblem(422, "damaged_image", "PNG");
    }

    [Fact]
    public async Task File_declared_as_text_is_refused_and_the_other_files_are_answered()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("hello"), "a", "notes.txt" },
            { Images.Digit.As("image/png"), "b", "seven.png" },
        };
        var (status, answers) = await service.Post("/classify/lenet5", form);
        Assert.Equal(200, status);
        answers[0].IsProblem(415, "unsupported_media_type", "notes.txt");
        Assert.Equal("lenet5", answers[1].GetProperty("model").GetString());
    }

    [Fact]
    public async Task Fields_of_a_form_that_are_not_files_are_ignored()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("a caption"), "caption" },
            { Images.Digit.As(null), "image", "seven.png" },
        };
        var (_, answers) = await service.Post("/classify/lenet5", form);
        Assert.Equal(1, answers.GetArrayLength());
    }

    [Fact]
    public async Task File_over_the_limit_gets_a_problem_and_the_other_files_get_answers()
    {
        var (status, answers) = await service.Post("/classify/lenet5", Images.Form(new byte[(20 << 20) + 1], Images.Digit));
        Assert.Equal(200, status);
        answers[0].IsProblem(413, "too_large", "0.png");
        Assert.Equal("lenet5", answers[1].GetProperty("model").GetString());
    }

    [Fact]
    public async Task Form_with_only_files_over_the_limit_is_413()
    {
        var (status, answers) = await service.Post("/classify/lenet5", Images.Form(new byte[30_000_000]));
        Assert.Equal(413, status);
        answers[0].IsProblem(413, "too_large", "0.png");
    }

    [Fact]
    public async Task Form_with_too_many_files_is_refused()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var strict = await TestService.StartReady(repository, null, "--Fovea:MaxImages=2");
        Assert.Equal(200, (await strict.Post("/classify/lenet5", Images.Form(Images.Digit, Images.Digit))).Status);
        var (status, problem) = await strict.Post("/classify/lenet5", Images.Form(Images.Digit, Images.Digit, Images.Digit));
        Assert.Equal(400, status);
        problem.IsProblem(400, "malformed_request", "more than the 2 files allowed");
    }
}
